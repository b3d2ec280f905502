"""Neural Amp Modeler: read .nam files and other captures, and run their networks as nodes.

node.py              Nam: one model; kernel.py is its audio-thread kernel
bank.py              NamBank: many models side by side; bank_kernel.py is its kernel
voices.py            many signals through one LSTM model at once, for Stepper
resolved_model.py    the model a node has read: once, when its ports are first listed
levels.py            input and output gains from the levels in a file
level_matching.py    the same gains between models in series
knobs.py             knobs of a capture as parameters of its node; knob_kernel.py is its kernel
prepare_model.py     one model in memory: all that Nam allocates for it
pair/                two captures as one stereo device; nodes that are played together
precision.py         the values of the option precision, and the models that "fast" runs
slimmable.py         all sizes of a slimmable model, and the crossfade from one to another
format/              from a path or content in memory to a checked Model, and back to a file
captures/            the same for captures of other makers
parametric/          the same for .nam files with knobs
baking/              bake: write a capture as a plain .nam file, its knobs at given values
FORMAT.md            statements of the format's documents, and the test of each
model/               Model, its metadata, and networks: shapes, weights, receptive fields
cpu/                 from a network to a SIMD kernel and its memory
cuda/                the same on a CUDA device
"""

from typing import TYPE_CHECKING

from ...graph.catalog.lazy_import import lazy_names

_PUBLIC = {
    ".baking.bake": ("bake",),
    ".bank": ("NamBank",),
    ".format.load": (
        "load_capture",
        "load_nam",
    ),
    ".format.save": ("save_nam",),
    ".level_matching": (
        "junctions",
        "match_levels",
    ),
    ".levels": ("LevelsWarning",),
    ".model.model": (
        "DEFAULT_SAMPLE_RATE",
        "Model",
    ),
    ".node": ("Nam",),
}
"""Of each module, the public names that it defines; imported when they are first used."""

if TYPE_CHECKING:
    from .baking.bake import bake as bake
    from .bank import NamBank as NamBank
    from .format.load import load_capture as load_capture, load_nam as load_nam
    from .format.save import save_nam as save_nam
    from .level_matching import junctions as junctions, match_levels as match_levels
    from .levels import LevelsWarning as LevelsWarning
    from .model.model import DEFAULT_SAMPLE_RATE as DEFAULT_SAMPLE_RATE, Model as Model
    from .node import Nam as Nam

    __all__: list[str]
else:
    __getattr__, __dir__, __all__ = lazy_names(__name__, _PUBLIC)
