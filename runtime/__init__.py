"""The runtime: native kernels, plans, the engine, and adapters to files, arrays, sound cards."""

from .adapters.automation import automated
from .adapters.live.devices import Device, devices
from .adapters.live.meters import Level
from .adapters.live.null import NullStream
from .adapters.live.playing import PlayingStreams, playing
from .adapters.live.sound_card import LiveStream
from .adapters.live.stats import LiveStats
from .adapters.offline import render
from .adapters.stepper.stats import StepStats
from .adapters.stepper.stepper import Stepper
from .engine.engine import Engine
from .engine.engine_state import EngineState
from .engine.parameters import Settings
from .native.abi import Native, helper, kernel
from .plan.plan import Plan
from .plan.stats import NodeStats, Stats

__all__ = [
    "Device",
    "Engine",
    "EngineState",
    "Level",
    "LiveStats",
    "LiveStream",
    "Native",
    "NodeStats",
    "NullStream",
    "Plan",
    "PlayingStreams",
    "Settings",
    "Stats",
    "StepStats",
    "Stepper",
    "automated",
    "devices",
    "helper",
    "kernel",
    "playing",
    "render",
]
