"""Running graphs: the native contract, plans, the engine, and the adapters."""

from .abi import Native, helper, kernel
from .adapters.devices import Device, devices
from .adapters.live import LiveStream
from .adapters.livestats import LiveStats
from .adapters.meters import Level
from .adapters.null import NullStream
from .adapters.offline import render
from .engine import Engine
from .plan import Plan
from .settings import Settings
from .snapshot import Snapshot
from .stats import NodeStats, Stats

__all__ = [
    "Device",
    "Engine",
    "Level",
    "LiveStats",
    "LiveStream",
    "Native",
    "NodeStats",
    "NullStream",
    "Plan",
    "Settings",
    "Snapshot",
    "Stats",
    "devices",
    "helper",
    "kernel",
    "render",
]
