"""Write a rack as one .nam file of the architecture Sequential: ``export_nam``.

Control threads.  The form is that which NeuralAmpModelerCore (pull request 323) and the trainer
(699) read since August 2026: complete models in series.  Captures are copied; what is linear
between them becomes one model of the architecture Linear.
"""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ...graph import DryWet, NamFileError
from ...graph.arguments import check_number, check_text
from ...graph.opening.openers import GraphSource, as_graph
from ...graph.paths import checked_path
from ...nodes import Cab
from ...nodes.nam import DEFAULT_SAMPLE_RATE, Model, Nam
from ...nodes.nam.format.parse import parse_nam
from ...nodes.nam.levels import warn_of_missing
from ...runtime.io.atomic_write import whole_file, writing
from ...runtime.io.outputs import check_outputs
from ..preset import files_of
from .children import children_of
from .responses import LINEAR, NOT_MIXED, Response, in_series, is_dry, response_of
from .series import ExportError, nodes_in_series

__all__ = ["export_nam"]

Json = dict[str, Any]
VERSION = "0.7.0"
KEPT = ("modeled_by", "gear_make", "gear_model", "gear_type", "tone_type")
"""Metadata of the only capture of a rack that are true of the rack too."""
WITH_CAB = {"amp": "amp_cab", "pedal_amp": "amp_pedal_cab"}
"""What ``gear_type`` becomes before a cabinet."""


@dataclass
class Series:
    """Models in series, and the response since the last capture."""

    rate: float
    models: list[Json] = field(default_factory=list)
    pending: Response = field(default_factory=lambda: np.ones((1, 1, 1)))
    captures: list[Model] = field(default_factory=list)
    cab: bool = False
    """Whether there is a cabinet after the last capture."""
    input_db: float | None = 0.0
    """Gain before the first capture; ``None`` if it is more than a gain."""

    def add_linear(self, more: Response) -> None:
        """Add a response after all that is there."""
        self.pending = in_series(self.pending, more)

    def add_gain(self, level_db: float) -> None:
        """Add a gain in dB."""
        self.add_linear(np.full((1, 1, 1), 10.0 ** (level_db / 20.0)))

    def end_linear(self) -> None:
        """Make a model of the response since the last capture, unless it changes nothing."""
        outputs, _, taps = self.pending.shape
        if outputs > 1 or taps > 1 or self.pending[0, 0, 0] != 1.0:
            self.models.append(_linear(self.pending[:, 0], self.rate))
        self.pending = np.ones((1, 1, 1))

    @property
    def gain_db(self) -> float | None:
        """The gain since the last capture in dB; ``None`` if it is more than a positive gain."""
        if self.pending.size > 1 or self.pending[0, 0, 0] <= 0.0:
            return None
        return 20.0 * float(np.log10(self.pending[0, 0, 0]))


def export_nam(
    graph: GraphSource,
    path: str | os.PathLike[str],
    *,
    name: str | None = None,
    sample_rate: float | None = None,
) -> Model:
    """Write a rack in series, of captures, gains, filters and a cabinet, as one .nam file.

    Returns the model written, whose output is that of the rack at rest (parameters do not move)
    within 1e-5 of the peak, once what the rack does before it is settled has passed: as each player
    prewarms a .nam as a whole, a cabinet begins as after silence through the capture before it.
    ``graph`` is what ``render`` takes.  ``name`` is for its metadata; ``sample_rate`` in Hz is that
    of the captures, or 48,000 for a rack without any.

    ``ExportError``, which names the node, if a .nam cannot play the rack: branches, nodes that are
    neither captures nor linear (dynamics, echoes, drives), pairs, oversampled captures, captures of
    different rates, captures mixed with their input, or what ``bake`` cannot write (a GRU).  Knobs
    are written as they are set, bypassed nodes are left out, and linear ones may be mixed.
    The file appears whole or not at all, and never replaces one that the rack reads.
    """
    rack = as_graph(graph, "export_nam(graph, path)")
    path = checked_path(path, "path", NamFileError)
    if name is not None:
        check_text("name", name)
    if Path(path).suffix.lower() != ".nam":
        raise NamFileError(f"{path}: a model's name must end in .nam: save it as {path}.nam")
    check_outputs([path], files_of(rack), NamFileError)
    order = nodes_in_series(rack)
    series = Series(_rate(order, sample_rate))
    for label, node in order:
        _add(series, label, node, rack.mixes.get(label, NOT_MIXED))
    whole = _file(series, name or rack.name or Path(path).stem)
    content = json.dumps(whole, separators=(",", ":"), allow_nan=False).encode()
    made = parse_nam(content)  # refuses what no player would read
    with whole_file(path, NamFileError) as part, writing(path, NamFileError):
        part.write_bytes(content)
    return made.identified(made.digest, os.path.abspath(path))


def _add(series: Series, label: str, node: Any, mixed: DryWet) -> None:
    if is_dry(mixed) or isinstance(node, LINEAR):
        channels = series.pending.shape[0]
        series.cab |= isinstance(node, Cab) and not is_dry(mixed)
        series.add_linear(response_of(label, node, channels, series.rate, mixed))
        return
    if not isinstance(node, Nam):
        known = ", ".join(sorted(kind.__name__ for kind in LINEAR))
        raise ExportError(
            f"{label}: {type(node).__name__} cannot be a part of a .nam: must be a Nam, or one of"
            f" {known}"
        )
    if mixed.mix != 1.0:
        raise ExportError(
            f"{label}: is mixed with its input (dry_wet {mixed.mix:g}): must be 1; 0, or bypassed,"
            " leaves the capture out"
        )
    if series.pending.shape[0] > 1:
        raise ExportError(f"{label}: gets {series.pending.shape[0]} channels: must get one")
    children, levels = children_of(label, node), node.levels_applied()
    warn_of_missing([(node.resolved.path, levels)])
    series.add_gain(node.input_db + levels.input_db)
    if not series.captures:
        series.input_db = series.gain_db
    series.end_linear()
    series.models += children
    series.captures.append(node.resolved.file_model)
    series.cab = False
    series.add_gain(node.output_db + levels.output_db)


def _rate(order: Any, given: float | None) -> float:
    """Return the rate of the captures; ``ExportError`` if they differ, or are not ``given``."""
    if given is not None:
        given = check_number("sample_rate", given, 1_000.0, 1_000_000.0, "Hz")
    rates = {label: n.resolved.sample_rate for label, n in order if isinstance(n, Nam)}
    rate = next(iter(rates.values()), given or DEFAULT_SAMPLE_RATE)
    for label, found in rates.items():
        if found != rate or given not in (None, found):
            wanted = rate if found != rate else given
            raise ExportError(f"{label}: its capture runs at {found:g} Hz: must be {wanted:g}")
    return float(rate)


def _file(series: Series, name: str) -> Json:
    """Return the file of a series; levels are given where only gains are beside the captures."""
    gain_db = series.gain_db
    series.end_linear()
    models = series.models or [_linear(np.ones((1, 1)), series.rate)]
    about: Json = {"name": name}
    if len(series.captures) == 1:
        only = series.captures[0]
        about |= {k: only.metadata[k] for k in KEPT if isinstance(only.metadata.get(k), str)}
        if series.cab and "gear_type" in about:
            known = WITH_CAB.get(about.pop("gear_type"))
            about |= {"gear_type": known} if known else {}
        told = None if only.knobs else only.loudness  # of knobs it is that at the defaults
        if series.input_db == 0.0 and gain_db is not None and told is not None:
            about["loudness"] = round(told + gain_db, 6)
    if series.captures and series.input_db is not None:
        level = series.captures[0].input_level_dbu
        about |= {} if level is None else {"input_level_dbu": round(level + series.input_db, 6)}
    if series.captures and gain_db is not None:
        level = series.captures[-1].output_level_dbu
        about |= {} if level is None else {"output_level_dbu": round(level - gain_db, 6)}
    return {
        "version": VERSION,
        "architecture": "Sequential",
        "config": {"models": models},
        "weights": [],
        "sample_rate": series.rate,
        "metadata": about,
    }


def _linear(taps: Any, rate: float) -> Json:
    """Return a model of responses of one input, ``[output][tap]``, the current frame first."""
    heard = np.flatnonzero(np.abs(taps).max(axis=0))
    taps = taps[:, : heard[-1] + 1 if heard.size else 1]
    config: Json = {"receptive_field": taps.shape[1], "bias": False}
    if len(taps) > 1:
        config |= {"in_channels": 1, "out_channels": len(taps)}
    return {
        "version": VERSION,
        "architecture": "Linear",
        "config": config,
        "weights": [float(f"{w:.9g}") for w in taps.astype(np.float32).ravel()],
        "sample_rate": rate,
        "metadata": {},
    }
