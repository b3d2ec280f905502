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

    graph/ <- runtime/ <- nodes/ <- presets/ <- cli/, __init__.py

    graph      describes: nodes, ports, parameters, graphs, schedules; no samples, no threads
    runtime    runs: the native contract, the SIMD emitter, plans, the engine, adapters
    nodes      computes: one file per node, its description and its kernel
    presets    stores: racks as JSON, shipped racks and sounds, rendering from file to file
    cli        the ``namgraph`` command; __main__.py starts it

Names to build with: ``Graph`` and the nodes. To play: ``render``, ``batch``, ``play``, ``Engine``,
``LiveStream``, ``NullStream``, ``playing``, ``Stepper``, ``devices``, ``Spec``, ``Stats``. Audio
files: ``read_audio``, which gives an ``AudioFile``, and ``write_audio``, for short ``read`` and
``write``. Models: ``load_nam``, which gives a ``Model``, ``save_nam``, ``bake``, and
``match_levels``, which calibrates a rack of them. To keep:
``save_preset``, ``load_preset``, and ``asset``, the path of a sound that ships. To look at:
``plot`` draws a rack, a node, a model, a sound, and ``draw`` a graph. To write a node of one's own:
``Node``, ``node``, ``Port``, ``Param``, ``param``, ``option``, ``file``, ``Content``, ``Io``,
``Processor``, ``kernel``, ``helper``, and for its kernel ``record``, ``channel``, ``glide`` and the
other names that ``runtime/authoring.py`` lists; ``namgraph.nodes.testing.check_node`` tests it.
Every error is a ``NamgraphError``; the tree is in ``graph/errors.py``.

``import namgraph`` itself loads nothing: the first use of a name loads what that name needs.
"""

import gc
import importlib

_PUBLIC = {
    ".cli.plot.picture": ("Picture", "plot"),
    ".graph": (
        *("AudioFileError", "ChannelsWarning", "Content", "CudaError", "CycleError"),
        *("DuplicateNameError", "EngineError", "FileError", "Graph", "GraphError", "GraphWarning"),
        *("Handle", "Io", "JobError", "KernelError", "Kind", "NamFileError", "NamgraphError"),
        *("Node", "Param", "ParamError", "Port", "PortError", "PresetError", "Processor", "Space"),
        *("Spec", "UnknownNameError", "draw", "file", "mermaid", "node_types", "option", "param"),
        *("svg",),
    ),
    ".graph.errors": (  # the kinds of NamFileError
        *("ActivationError", "ConfigTooLargeError", "FieldValueError", "MissingFieldError"),
        *("NamJsonError", "NamReadError", "SampleRateError", "UnsupportedArchitectureError"),
        *("UnsupportedFeatureError", "UnsupportedVersionError", "WeightCountError"),
    ),
    ".graph.node": ("node",),
    ".nodes": (
        *("Align", "Blend", "Cab", "CabMics", "Chorus", "Click", "Clipper", "Compressor"),
        *("Constant", "Crossover", "Curve", "DcBlock", "Delay", "Doubler", "Drive"),
        *("EnvelopeFollower", "Filter", "Flanger", "Fuzz", "Gain", "Gate", "GraphicEq", "Lfo"),
        *("Limiter", "Looper", "Loudness", "Map", "Meter", "MidSide", "Mix", "Nam", "NamBank"),
        *("Octaver", "Oversample", "Pan", "ParametricEq", "PassThrough", "Phaser", "PitchShift"),
        *("Random", "Reverb", "Rotary", "Split", "Step", "StereoWidth", "ToneStack", "Tremolo"),
        *("Tuner", "Vibrato", "Wah"),
    ),
    ".nodes.analysis.measure": ("Measurement", "measure"),
    ".nodes.analysis.offline_loudness": ("LoudnessResult", "loudness"),
    ".nodes.nam": (
        *("DEFAULT_SAMPLE_RATE", "LevelsWarning", "Model", "bake", "load_capture", "load_nam"),
        *("match_levels", "save_nam"),
    ),
    ".presets": (
        *("asset", "export_nam", "load_preset", "match_loudness", "play", "preset_schema"),
        *("read_preset", "render_models", "save_preset"),
    ),
    ".presets.batch.api": ("batch",),
    ".presets.batch.run": ("BatchProgress", "BatchResult"),
    ".runtime": (
        *("Engine", "EngineState", "LiveStream", "NullStream", "Stats", "StepStats", "Stepper"),
        *("automated", "devices", "helper", "kernel", "playing", "render"),
    ),
    ".runtime.authoring": (
        *("Lanes", "Native", "Value", "add_to", "amplify", "beats_at", "call_node", "channel"),
        *("channel_address", "copy_bytes", "decibels", "each", "embed", "exp2_run", "exp2_run32"),
        *("fir_peak_run", "fir_run", "floats", "frame_at", "frames_to_beat", "glide"),
        *("glide_coefficient", "glide_step", "log2_run", "numbers", "ratio_step", "record"),
        *("scale", "tempo_at"),
    ),
    ".runtime.io.audio": (*("AudioFile", "read", "read_audio", "write", "write_audio"),),
}
"""Of each module, the public names that it defines."""
_OPTIONAL = {
    ".nodes.pedalboard_effect": ("PedalboardEffect",),
    ".runtime.adapters.pedalboard": ("Board", "GraphEffect", "GraphPlugin"),
}
"""The same of names that need pedalboard: they are no part of ``__all__``."""
_FOLDERS = ("cli", "graph", "nodes", "presets", "runtime")

TYPE_CHECKING = False  # to import it from typing takes longer than everything else here
if TYPE_CHECKING:
    from .cli.plot.picture import Picture as Picture, plot as plot
    from .graph import (
        AudioFileError as AudioFileError,
        ChannelsWarning as ChannelsWarning,
        Content as Content,
        CudaError as CudaError,
        CycleError as CycleError,
        DuplicateNameError as DuplicateNameError,
        EngineError as EngineError,
        FileError as FileError,
        Graph as Graph,
        GraphError as GraphError,
        GraphWarning as GraphWarning,
        Handle as Handle,
        Io as Io,
        JobError as JobError,
        KernelError as KernelError,
        Kind as Kind,
        NamFileError as NamFileError,
        NamgraphError as NamgraphError,
        Node as Node,
        Param as Param,
        ParamError as ParamError,
        Port as Port,
        PortError as PortError,
        PresetError as PresetError,
        Processor as Processor,
        Space as Space,
        Spec as Spec,
        UnknownNameError as UnknownNameError,
        draw as draw,
        file as file,
        mermaid as mermaid,
        node_types as node_types,
        option as option,
        param as param,
        svg as svg,
    )
    from .graph.errors import (
        ActivationError as ActivationError,
        ConfigTooLargeError as ConfigTooLargeError,
        FieldValueError as FieldValueError,
        MissingFieldError as MissingFieldError,
        NamJsonError as NamJsonError,
        NamReadError as NamReadError,
        SampleRateError as SampleRateError,
        UnsupportedArchitectureError as UnsupportedArchitectureError,
        UnsupportedFeatureError as UnsupportedFeatureError,
        UnsupportedVersionError as UnsupportedVersionError,
        WeightCountError as WeightCountError,
    )
    from .graph.node import node as node
    from .nodes import *  # noqa: F403  (its __all__: every node)
    from .nodes.analysis.measure import (
        Measurement as Measurement,
        measure as measure,
    )
    from .nodes.analysis.offline_loudness import (
        LoudnessResult as LoudnessResult,
        loudness as loudness,
    )
    from .nodes.nam import (
        DEFAULT_SAMPLE_RATE as DEFAULT_SAMPLE_RATE,
        LevelsWarning as LevelsWarning,
        Model as Model,
        bake as bake,
        load_capture as load_capture,
        load_nam as load_nam,
        match_levels as match_levels,
        save_nam as save_nam,
    )
    from .nodes.pedalboard_effect import (
        PedalboardEffect as PedalboardEffect,
    )
    from .presets import (
        asset as asset,
        export_nam as export_nam,
        load_preset as load_preset,
        match_loudness as match_loudness,
        play as play,
        preset_schema as preset_schema,
        read_preset as read_preset,
        render_models as render_models,
        save_preset as save_preset,
    )
    from .presets.batch.api import (
        batch as batch,
    )
    from .presets.batch.run import (
        BatchProgress as BatchProgress,
        BatchResult as BatchResult,
    )
    from .runtime import (
        Engine as Engine,
        EngineState as EngineState,
        LiveStream as LiveStream,
        NullStream as NullStream,
        Stats as Stats,
        Stepper as Stepper,
        StepStats as StepStats,
        automated as automated,
        devices as devices,
        helper as helper,
        kernel as kernel,
        playing as playing,
        render as render,
    )
    from .runtime.adapters.pedalboard import (
        Board as Board,
        GraphEffect as GraphEffect,
        GraphPlugin as GraphPlugin,
    )
    from .runtime.authoring import (
        Lanes as Lanes,
        Native as Native,
        Value as Value,
        add_to as add_to,
        amplify as amplify,
        beats_at as beats_at,
        call_node as call_node,
        channel as channel,
        channel_address as channel_address,
        copy_bytes as copy_bytes,
        decibels as decibels,
        each as each,
        embed as embed,
        exp2_run as exp2_run,
        exp2_run32 as exp2_run32,
        fir_peak_run as fir_peak_run,
        fir_run as fir_run,
        floats as floats,
        frame_at as frame_at,
        frames_to_beat as frames_to_beat,
        glide as glide,
        glide_coefficient as glide_coefficient,
        glide_step as glide_step,
        log2_run as log2_run,
        numbers as numbers,
        ratio_step as ratio_step,
        record as record,
        scale as scale,
        tempo_at as tempo_at,
    )
    from .runtime.io.audio import (
        AudioFile as AudioFile,
        read as read,
        read_audio as read_audio,
        write as write,
        write_audio as write_audio,
    )

    __all__: list[str]
    __version__: str
else:

    def __getattr__(name: str) -> object:
        """Import what a name stands for when it is first asked for (PEP 562)."""
        if name in _FOLDERS:
            return _imported(f".{name}")
        if name == "__version__":
            return getattr(_imported(".graph.version"), "VERSION")  # noqa: B009
        if name == "__all__":
            return sorted({"__version__", *(n for names in _PUBLIC.values() for n in names)})
        for module, names in (*_PUBLIC.items(), *_OPTIONAL.items()):
            if name in names:
                found = globals()[name] = getattr(_imported(module), name)
                return found
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    def __dir__() -> list[str]:
        """Return the public names, for completion."""
        tables = (*_PUBLIC.values(), *_OPTIONAL.values())
        return sorted({*globals(), "__version__", *(name for names in tables for name in names)})


def _imported(module: str) -> object:
    """Import a module of the package, without searches for garbage: it makes many objects."""
    collects = gc.isenabled()
    gc.disable()
    try:
        return importlib.import_module(module, __name__)
    finally:
        if collects:
            gc.enable()
