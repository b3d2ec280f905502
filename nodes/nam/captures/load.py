"""Read captures of any format from files and from memory: ``load_capture``.  Control threads only."""

from ....runtime.io.file_kind import CAPTURE
from ..format.load import Source, load_by
from ..model.model import Model
from .parse import parse_capture

__all__ = ["load_capture"]


def load_capture(source: Source) -> Model:
    """Read and check a capture: .nam, AIDA-X and RTNeural (Keras), GuitarML (Proteus, NeuralPi).

    The content decides which it is; the suffix of a file does not count.  ``source`` is what
    ``load_nam`` takes: a path, bytes, JSON text, a ``dict`` or a file object.  Raises
    ``NamFileError`` as ``load_nam`` does: a layer that is not played is named, sizes are checked
    before memory is allocated, and weights are counted before they are used.
    """
    return load_by(source, parse_capture, CAPTURE)
