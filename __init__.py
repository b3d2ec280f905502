"""Audio node graphs, neural amps among them, compiled to one native call per block.

You build the rack in Python; no Python code runs while it plays::

    import namgraph as ng

    graph = ng.Graph()
    guitar = graph.input("guitar", channels=1)
    amp = graph.add("amp", ng.Nam("plexi.nam"))
    cab = graph.add("cab", ng.Cab("4x12.wav"))
    guitar >> amp >> cab >> graph.output("out", channels=1)
    y = ng.render(graph, x, sample_rate=48_000)

This directory is the package.  What it holds, and who may import whom (never the other way)::

    graph/ <- runtime/ <- nodes/ <- presets/ <- cli/main.py, public.py, __init__.py

    graph      describes: nodes, ports, parameters, graphs, schedules; no samples, no threads
    runtime    runs: the native contract, the SIMD emitter, plans, the engine, adapters
    nodes      computes: one file per node, its description and its kernel
    presets    stores: racks as JSON, shipped racks and sounds, rendering from file to file
    cli/main.py     the ``namgraph`` command; __main__.py starts it
    public.py  the public names

Names to build with: ``Graph`` and the nodes. To play: ``render``, ``Engine``, ``LiveStream``,
``NullStream``, ``devices``, ``Spec``, ``Stats``. Audio files: ``read_audio``, which gives an
``AudioFile``, and ``write_audio``. To keep: ``save_preset``, ``load_preset``,
``load_nam``, and ``asset``, the path of a sound that ships. ``match_levels`` calibrates a rack of
models. To write a node of one's own: ``Node``,
``node``, ``Port``, ``Param``, ``param``, ``option``, ``file``, ``Io``, ``Processor``, ``kernel``,
``helper``, and for its kernel ``record``, ``channel``, ``glide`` and the other names that
``runtime/authoring.py`` lists; ``namgraph.nodes.testing.check_node`` tests it. Every error is a
``NamgraphError``; the tree is in ``graph/errors.py``.

``import namgraph`` itself loads nothing: the first use of a name loads everything but pedalboard.
"""

import importlib

TYPE_CHECKING = False  # to import it from typing takes longer than everything else here
if TYPE_CHECKING:
    from .nodes.pedalboard_effect import PedalboardEffect as PedalboardEffect
    from .public import *  # noqa: F403
    from .public import __all__ as __all__, __version__ as __version__
    from .runtime.adapters.pedalboard import (
        Board as Board,
        GraphEffect as GraphEffect,
        GraphPlugin as GraphPlugin,
    )

_FOLDERS = ("graph", "nodes", "presets", "runtime")
_PEDALBOARD = {
    "Board": ".runtime.adapters.pedalboard",
    "GraphEffect": ".runtime.adapters.pedalboard",
    "GraphPlugin": ".runtime.adapters.pedalboard",
    "PedalboardEffect": ".nodes.pedalboard_effect",
}

if not TYPE_CHECKING:  # type checkers would take it to give any name

    def __getattr__(name: str) -> object:
        """Import what a name stands for when it is first asked for (PEP 562)."""
        if name in _FOLDERS:
            return importlib.import_module(f".{name}", __name__)
        if name in _PEDALBOARD:
            return getattr(importlib.import_module(_PEDALBOARD[name], __name__), name)
        if not name.startswith("_") or name in ("__all__", "__version__"):
            public = importlib.import_module(".public", __name__)
            if name == "__all__" or name == "__version__" or name in public.__all__:
                globals().update({n: getattr(public, n) for n in (*public.__all__, "__all__")})
                return globals()[name]
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    def __dir__() -> list[str]:
        """Return the public names, for completion."""
        public = importlib.import_module(".public", __name__)
        return sorted({*globals(), *public.__all__, *_PEDALBOARD})
