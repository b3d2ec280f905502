"""Audio node graphs, neural amps among them, compiled to one native call per block.

You write the rack in Python, and Python is not there when it plays::

    import namgraph as ng

    graph = ng.Graph()
    guitar = graph.input("guitar", channels=1)
    amp = graph.add("amp", ng.Nam("plexi.nam"))
    cab = graph.add("cab", ng.Cab("4x12.wav"))
    guitar >> amp >> cab >> graph.output("out", channels=1)
    y = ng.render(graph, x, sample_rate=48_000)

This directory is the package.  What it holds, and who may import whom (never the other way)::

    graph/ <- runtime/ <- nodes/ <- presets/ <- cli.py, __init__.py

    graph      describes: nodes, ports, parameters, graphs, schedules; no samples, no threads
    runtime    runs: the native contract, the SIMD emitter, plans, the engine, adapters
    nodes      computes: one file per node, its description and its kernel
    presets    stores: racks as JSON, shipped racks and sounds, rendering from file to file
    cli.py     the ``namgraph`` command

Names to build with: ``Graph`` and the nodes. To play: ``render``, ``Engine``, ``LiveStream``,
``NullStream``, ``devices``, ``Spec``, ``Stats``. To keep: ``save_preset``, ``load_preset``,
``load_nam``, and ``asset``, the path of a sound that ships. ``match_levels`` calibrates a rack of
models. To write a node of one's own: ``Node``,
``node``, ``Port``, ``Param``, ``param``, ``option``, ``file``, ``Io``, ``Processor``, ``kernel``,
``helper``, and for its kernel ``record``, ``channel``, ``floats``. Every error is a
``NamgraphError``; the tree is in ``graph/errors.py``.
"""

import importlib
from typing import TYPE_CHECKING

from .graph import (
    AudioFileError,
    CudaError,
    CycleError,
    DuplicateNameError,
    EngineError,
    FileError,
    Graph,
    GraphError,
    GraphWarning,
    Handle,
    Io,
    JobError,
    Kind,
    NamFileError,
    NamgraphError,
    Node,
    Param,
    ParamError,
    Port,
    PortError,
    PresetError,
    Processor,
    Space,
    Spec,
    UnknownNameError,
    file,
    node,
    node_types,
    option,
    param,
)
from .graph.version import VERSION
from .nodes import Cab, DcBlock, Delay, Gain, Meter, Mix, Nam, NamBank, Pan, Split
from .nodes.nam import load_nam, match_levels
from .presets import asset, load_preset, render_models, save_preset
from .runtime import (
    Engine,
    LiveStream,
    NullStream,
    Snapshot,
    Stats,
    devices,
    helper,
    kernel,
    render,
)
from .runtime.pointers import channel, floats, record

if TYPE_CHECKING:
    from .nodes.pedalboard_effect import PedalboardEffect as PedalboardEffect
    from .runtime.adapters.pedalboard import (
        Board as Board,
        GraphEffect as GraphEffect,
        GraphPlugin as GraphPlugin,
    )

__all__ = [
    "AudioFileError",
    "Cab",
    "CudaError",
    "CycleError",
    "DcBlock",
    "Delay",
    "DuplicateNameError",
    "Engine",
    "EngineError",
    "FileError",
    "Gain",
    "Graph",
    "GraphError",
    "GraphWarning",
    "Handle",
    "Io",
    "JobError",
    "Kind",
    "LiveStream",
    "Meter",
    "Mix",
    "Nam",
    "NamBank",
    "NamFileError",
    "NamgraphError",
    "Node",
    "NullStream",
    "Pan",
    "Param",
    "ParamError",
    "Port",
    "PortError",
    "PresetError",
    "Processor",
    "Snapshot",
    "Space",
    "Spec",
    "Split",
    "Stats",
    "UnknownNameError",
    "__version__",
    "asset",
    "channel",
    "devices",
    "file",
    "floats",
    "helper",
    "kernel",
    "load_nam",
    "load_preset",
    "match_levels",
    "node",
    "node_types",
    "option",
    "param",
    "record",
    "render",
    "render_models",
    "save_preset",
]
__version__ = VERSION

_ASKED_FOR = {
    "Board": ".runtime.adapters.pedalboard",
    "GraphEffect": ".runtime.adapters.pedalboard",
    "GraphPlugin": ".runtime.adapters.pedalboard",
    "PedalboardEffect": ".nodes.pedalboard_effect",
}


def __getattr__(name: str) -> object:
    """Bring in what belongs to pedalboard when it is asked for, and not before."""
    if name not in _ASKED_FOR:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_ASKED_FOR[name], __name__), name)
