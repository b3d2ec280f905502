"""The runtime: native kernels, plans, the engine, and adapters to files, arrays, sound cards."""

from typing import TYPE_CHECKING

from ..graph.catalog.lazy_import import lazy_names

_PUBLIC = {
    ".adapters.automation": ("automated",),
    ".adapters.live.devices": (
        "Device",
        "devices",
    ),
    ".adapters.live.meters": ("Level",),
    ".adapters.live.null": ("NullStream",),
    ".adapters.live.playing": (
        "PlayingStreams",
        "playing",
    ),
    ".adapters.live.sound_card": ("LiveStream",),
    ".adapters.live.stats": ("LiveStats",),
    ".adapters.offline": ("render",),
    ".adapters.stepper.stats": ("StepStats",),
    ".adapters.stepper.stepper": ("Stepper",),
    ".engine.engine": ("Engine",),
    ".engine.engine_state": ("EngineState",),
    ".engine.parameters": ("Settings",),
    ".native.abi": (
        "Native",
        "helper",
        "kernel",
    ),
    ".plan.plan": ("Plan",),
    ".plan.stats": (
        "NodeStats",
        "Stats",
    ),
}
"""Of each module, the public names that it defines; imported when they are first used."""

if TYPE_CHECKING:
    from .adapters.automation import automated as automated
    from .adapters.live.devices import Device as Device, devices as devices
    from .adapters.live.meters import Level as Level
    from .adapters.live.null import NullStream as NullStream
    from .adapters.live.playing import PlayingStreams as PlayingStreams, playing as playing
    from .adapters.live.sound_card import LiveStream as LiveStream
    from .adapters.live.stats import LiveStats as LiveStats
    from .adapters.offline import render as render
    from .adapters.stepper.stats import StepStats as StepStats
    from .adapters.stepper.stepper import Stepper as Stepper
    from .engine.engine import Engine as Engine
    from .engine.engine_state import EngineState as EngineState
    from .engine.parameters import Settings as Settings
    from .native.abi import Native as Native, helper as helper, kernel as kernel
    from .plan.plan import Plan as Plan
    from .plan.stats import NodeStats as NodeStats, Stats as Stats

    __all__: list[str]
else:
    __getattr__, __dir__, __all__ = lazy_names(__name__, _PUBLIC)
