"""Running graphs: the native contract, plans, the engine, and the adapters."""

from .abi import Native, helper, kernel
from .adapters.offline import render
from .engine import Engine, Snapshot
from .plan import Plan
from .stats import NodeStats, Stats

__all__ = [
    "Engine",
    "Native",
    "NodeStats",
    "Plan",
    "Snapshot",
    "Stats",
    "helper",
    "kernel",
    "render",
]
