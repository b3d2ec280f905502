"""Neural Amp Modeler: .nam files, the networks in them, and the node that plays them.

file.py       from bytes to a checked Model (model.py), by way of fields.py, *_file.py
FORMAT.md     what the documents of the format say, and the test of each statement
networks.py   what is in a Model: networks.py, wavenet_parts.py, wavenet_network.py
prepare.py    from a network to the kernel that plays it
program.py    networks as lists of operations; parts.py adds them, program_*.py emit them
wavenet.py    WaveNets as programs; wavenet_layers.py and its like emit the fused kernels
lstm.py       LSTMs: layout; lstm_*.py emit the kernels
sizes.py      all sizes of a model, and from one to another while it plays
levels.py     the gains that a file's levels call for; chain.py, the same from model to model
node.py       Nam; play.py its kernel
bank.py       NamBank
cuda/         all of this on a GPU
"""

from .bank import NamBank
from .format.load import load_nam
from .level_matching import junctions, match_levels
from .levels import LevelsWarning
from .model.model import Model
from .node import Nam

__all__ = ["LevelsWarning", "Model", "Nam", "NamBank", "junctions", "load_nam", "match_levels"]
