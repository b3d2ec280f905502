"""A Sequential from its part of a .nam file: the trainer's merged form, where one reading fits.

The trainer writes the configs of the parts without saying what they are, and their weights one
after another.  What a part is can be told from its keys; what it means cannot always: where the
trainer and NeuralAmpModelerCore read the same part differently, nobody can say which was meant.
"""

from collections.abc import Callable
from typing import Any

from ...graph.errors import NamFileError
from .fields import Fields, Weights, fault
from .networks import ConvNet, Linear, Lstm
from .wavenet_network import Sequential, WaveNet

__all__ = ["read_sequential"]

Part = WaveNet | Lstm | ConvNet | Linear
MAX_PARTS = 32
KEYS = {
    "WaveNet": ("layers", "head_scale"),
    "LSTM": ("hidden_size", "num_layers"),
    "ConvNet": ("channels", "dilations", "batchnorm"),
    "Linear": ("receptive_field",),
}
"""What only a config of this architecture has."""


def read_sequential(
    config: Fields, readers: dict[str, Callable[[Fields], Callable[[Weights], Any]]]
) -> Callable[[Weights], Sequential]:
    """Check the configs of all parts; return what takes their weights."""
    rows = [Fields(value, path) for value, path in config.items("models", MAX_PARTS)]
    builds = [_read(row, readers) for row in rows]

    def build(w: Weights) -> Sequential:
        parts: list[Part] = []
        for row, make in zip(rows, builds, strict=True):
            part: Part = make(w)
            if parts and parts[-1].outputs != part.inputs:
                found = f"{row.path} has {part.inputs} inputs"
                raise NamFileError(f"{found}: must have {parts[-1].outputs}, as many as come in")
            _refuse_ambiguous(row, part)
            parts.append(part)
        return Sequential(tuple(parts))

    return build


def _read(
    row: Fields, readers: dict[str, Callable[[Fields], Callable[[Weights], Any]]]
) -> Callable[[Weights], Any]:
    named = [key for key in ("name", "architecture") if row.has(key)]
    if named and row.has("config"):
        name = row.text(named[0])
        if name not in readers:
            raise fault(row.at(named[0]), name, f"one of {', '.join(readers)}")
        return readers[name](row.fields("config"))
    found = [name for name, keys in KEYS.items() if all(map(row.names, keys))]
    if len(found) != 1:
        known = ", ".join(KEYS)
        raise NamFileError(f"{row.path} does not tell its architecture: must be one of {known}")
    return readers[found[0]](row)


def _refuse_ambiguous(row: Fields, part: Part) -> None:
    if isinstance(part, Linear) and part.taps.size > 1:
        raise NamFileError(
            f"{row.path}: a Linear of {part.taps.size} taps in a Sequential is not supported: its"
            " trainer and every player take its taps in opposite order"
        )
    for layer in (la for a in part.arrays for la in a.layers) if isinstance(part, WaveNet) else ():
        if layer.out is None or ("layer1x1_post_film" in layer.films and layer.gating != "blended"):
            raise NamFileError(
                f"{row.path}: layer1x1 as in this WaveNet is not supported in a Sequential: its"
                " trainer and every player compute it differently"
            )
