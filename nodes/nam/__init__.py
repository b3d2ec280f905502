"""Neural Amp Modeler: .nam files, the networks in them, and the node that plays them.

file.py       from bytes to a checked Model (model.py), by way of fields.py, *_file.py
wavenet.py    WaveNets: layout in memory and the walk; wavenet_*.py emit the kernels
lstm.py       LSTMs: layout; lstm_*.py emit the kernels
node.py       Nam
"""

from .file import load_nam
from .model import Model
from .node import Nam

__all__ = ["Model", "Nam", "load_nam"]
