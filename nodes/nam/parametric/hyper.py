"""HyperWaveNet: dense layers turn the knobs into changes of a WaveNet's weights.

Facts by the sources of the fork (MIT): ``weights`` are those of the WaveNet, then of the trunk's
layers, the last layer, and the anchor, one number for each output of the last layer.  Each entry of
``delta_map`` names a range of the WaveNet's weights.  A "full" one adds as many outputs; a
"low_rank" one adds the product of two matrices, whose numbers are outputs plus anchor.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....graph.errors import FieldValueError
from ..format.checked_json import MAX_WEIGHTS, Fields, Weights, fault, too_large
from ..format.wavenet import read_wavenet
from ..model.flat_weights import flat_weights
from ..model.networks import Floats
from ..model.parametric import DenseLayer
from .film import no_models
from .params import read_params
from .plain_config import derived, no_condition_dsp
from .terms import MAX_COEFFICIENTS, Table, conditioned, identity
from .trunk import read_trunk

__all__ = ["read_hyper_wavenet"]

MODES = ("full", "low_rank")
MAX_TARGETS = 8192
MAX_RANK = 512


@dataclass(frozen=True)
class _Target:
    """A range of weights; ``rank`` is 0 if each has an output of its own."""

    path: str
    first: int
    count: int
    rank: int = 0
    rows: int = 0
    columns: int = 0

    @property
    def width(self) -> int:
        """Outputs of the last layer that it takes."""
        return self.rank * (self.rows + self.columns) if self.rank else self.count


def read_hyper_wavenet(config: Fields) -> Callable[[Weights], Any]:
    """Check the config of a HyperWaveNet; return the function that builds it from weights."""
    no_condition_dsp(config)
    knobs = read_params(config)
    row = derived(config, 1)
    inner = read_wavenet(row, no_models)
    hyper = config.fields("hypernet")
    trunk, targets = read_trunk(hyper, knobs), _targets(hyper)
    width = sum(target.width for target in targets)
    if width > MAX_COEFFICIENTS:
        found = f"{hyper.at('delta_map')} has {width} outputs"
        raise too_large(found, "outputs", width, MAX_COEFFICIENTS)

    def build(w: Weights) -> Any:
        before = w.taken
        network = inner(w)
        size = w.taken - before
        _check_ranges(targets, size)
        layers = trunk.build(w)
        weight, bias, anchor = w.take(width, trunk.outputs), w.take(width), w.take(width)
        if w.counting:
            return network
        last = DenseLayer(weight, _bias(targets, bias, anchor))
        table = _table(targets, flat_weights(network))
        steps = [*(layers or [identity(knobs)]), last]
        return conditioned(network, knobs, steps, table, w.taken - before)

    return build


def _targets(hyper: Fields) -> list[_Target]:
    mode = hyper.text("mode") if hyper.has("mode") else "low_rank"
    if mode not in MODES:
        raise fault(hyper.at("mode"), mode, " or ".join(MODES))
    rank = hyper.integer("rank", 1, MAX_RANK) if mode == "low_rank" else 0
    made = []
    for value, path in hyper.items("delta_map", MAX_TARGETS):
        row = Fields(value, path)
        own = row.text("mode") if row.has("mode") else mode
        if own not in (MODES if rank else MODES[:1]):
            raise fault(row.at("mode"), own, f"full{' or low_rank' if rank else ', as hypernet'}")
        count = row.integer("numel", 1, MAX_WEIGHTS)
        first = row.integer("export_offset", 0, MAX_WEIGHTS)
        if own == "full":
            made.append(_Target(path, first, count))
            continue
        rows, columns = (
            row.integer(key, 1, MAX_WEIGHTS) for key in ("out_features", "rest_features")
        )
        if rows * columns != count:
            allowed = f"{rows * columns}, out_features times rest_features"
            raise fault(row.at("numel"), count, allowed)
        made.append(
            _Target(path, first, count, row.integer("rank", 1, MAX_RANK, rank), rows, columns)
        )
    return made


def _check_ranges(targets: list[_Target], size: int) -> None:
    """Check that ranges lie in the WaveNet, without its head_scale, and do not overlap."""
    before, end = "", 0
    for target in sorted(targets, key=lambda t: t.first):
        if target.first < end and before:
            message = f"{target.path} begins at {target.first}: must begin after {before}, at {end}"
            raise FieldValueError(message, field=target.path, allowed=f"at least {end}")
        before, end = target.path, target.first + target.count
        if end > size - 1:
            message = (
                f"{target.path} ends at weight {end}: must end at {size - 1} at most, before"
                " head_scale, the last weight of the WaveNet"
            )
            raise FieldValueError(message, field=target.path, allowed=f"at most {size - 1}")


def _bias(targets: list[_Target], bias: Floats, anchor: Floats) -> NDArray[np.float64]:
    """Return the biases of the last layer, with the anchors of low-rank outputs."""
    made, at = bias.astype(np.float64), 0
    for target in targets:
        if target.rank:
            made[at : at + target.width] += anchor[at : at + target.width]
        at += target.width
    return made


def _table(targets: list[_Target], flat: Floats) -> Table:
    table, at = Table(), 1
    table.add(flat)
    for target in targets:
        own = target.first + np.arange(target.count)
        table.add_at(own, flat[own])
        if target.rank:
            row, column = np.divmod(np.arange(target.count), target.columns)
            second = at + target.rows * target.rank
            for r in range(target.rank):
                left, right = at + row * target.rank + r, second + r * target.columns + column
                table.add_at(own, np.ones(target.count), left, right)
        else:
            table.add_at(own, np.ones(target.count), at + np.arange(target.count))
        at += target.width
    return table
