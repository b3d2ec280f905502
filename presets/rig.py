"""A rig, the RIG of the command line: a preset, or one .nam with an optional cabinet after it."""

import os
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..graph import Graph, ParamError, PresetError
from ..graph.arguments import clip
from ..graph.catalog.summary import format_rack
from ..graph.paths import checked_path, file_label
from ..graph.silent import stack_level
from ..nodes.cabinet.cab import Cab
from ..nodes.nam import Nam, NamBank
from ..nodes.nam.levels import Applied
from ..nodes.nam.pair.sides import SIDES
from ..nodes.utility.pan import Pan
from ..runtime.io.file_kind import is_model
from .preset import files_of, preset_path, read_preset
from .settings import with_settings

__all__ = [
    "Rig",
    "assumed_rates",
    "check_devices",
    "format_levels",
    "levels_of_models",
    "model_graph",
    "model_rates",
    "models",
    "open_graph",
    "open_rig",
    "rig_of",
]


RACK = "a rack (a preset, or a model)"


@dataclass(frozen=True, eq=False)
class Rig:
    """A graph with the name, path and sample rate that rendering needs."""

    name: str
    graph: Graph
    rate: float | None
    """Sample rate of its models in Hz; ``None`` if any rate will do."""
    bare: bool
    """Whether it is one model without a cabinet: its output is as long as its input."""
    path: str
    """The file it was opened from."""
    spreads_mono: bool = False
    """Whether a mono file plays on both of its two inputs: those of a pair of captures."""

    def __repr__(self) -> str:
        rate = "any rate" if self.rate is None else f"{self.rate:g} Hz"
        return clip(f"<Rig {self.name!r}, {rate}: {format_rack(self.graph)}>")

    def reads(self) -> dict[str, str]:
        """Return every file that it reads, with a description for messages."""
        return {self.path: "the rack", **files_of(self.graph)}

    @property
    def rate_words(self) -> str:
        """The rate for a message, and the models it is assumed for; or "any rate"."""
        if self.rate is None:
            return "any rate"
        names = ", ".join(assumed_rates(self.graph))
        return f"{self.rate:g} Hz" + (f" (assumed: the file of {names} does not say)" * bool(names))

    def renders_tail(self, tail: bool | None) -> bool:
        """Whether to render the tail: ``tail`` if given, else unless the rig is bare."""
        return not self.bare if tail is None else tail


def open_rig(
    rig: str | os.PathLike[str],
    *,
    ir: str | os.PathLike[str] | None = None,
    ir_layout: str | None = None,
    right: str | os.PathLike[str] | None = None,
    slim: float | None = None,
    settings: Mapping[str, Any] | None = None,
    levels: str | None = None,
    interface_dbu: float | None = None,
    calibrate_input: bool | None = None,
    resample: bool | None = None,
    backend: str | None = None,
    search: Iterable[str | os.PathLike[str]] = (),
) -> Rig:
    """Open a preset file, a bundled preset by name, or a model file (with the cabinet ``ir``).

    ``ir_layout`` is the option ``layout`` of that cabinet ("auto" by default).  ``right`` is a
    second model: the first then plays the left side, this one the right.  ``slim`` selects the
    size of slimmable models, from 0, the smallest, to 1, the full model.  ``settings`` maps
    ``"node.field"`` to a value, as ``--set`` does: ``with_settings``.  The last five are options
    of ``Nam``, set in every model unless ``None``; ``backend`` of a .nam file is "auto" by
    default.  ``search`` are folders to find moved files of a preset in.  Raises ``PresetError`` or
    ``ParamError``.
    """
    rig = checked_path(rig, "rig", PresetError)
    if ir_layout is not None and ir is None:
        raise PresetError(
            f"--ir-layout is {ir_layout}: goes with --ir; in a preset it is the cab's layout"
        )
    bare = is_model(rig)
    if bare:
        graph = model_graph(rig, ir, ir_layout, right)
        backend = "auto" if backend is None else backend
    elif ir is not None:
        raise PresetError(f"--ir goes with a model; {rig} is a preset, which has its own")
    elif right is not None:
        raise PresetError(
            f"--right goes with a model; {rig} is a preset: in it, the model's file right"
        )
    else:
        graph = read_preset(rig, RACK, search).graph
    graph = with_settings(graph, settings or {}, place="--set ")
    slimmed = [name.rpartition(".")[0] for name in settings or {} if name.endswith(".slim")]
    if slim is not None:
        _slim(graph, slim)
        slimmed = [*models(graph)]
    _warn_of_slim(graph, slimmed)
    _set_models(
        graph,
        levels=levels,
        interface_dbu=interface_dbu,
        calibrate_input=calibrate_input,
        resample=resample,
    )
    made = rig_of(rig, graph, bare=bare and ir is None, backend=backend)
    return replace(made, spreads_mono=right is not None)


def open_graph(
    path: str | os.PathLike[str], search: Iterable[str | os.PathLike[str]] = ()
) -> Graph:
    """Return the graph of a preset, of a bundled preset by name, or of a model file.

    ``search`` are folders to find moved files of a preset in.  The model (.nam, .aidax, .namb,
    or .json of a capture) is the node ``amp``, with the options of ``Nam(path)``; the graph is
    named after the file.
    """
    path = checked_path(path, "path", PresetError)
    if is_model(path):
        graph = model_graph(path)
        graph.name = Path(path).stem
        return graph
    return read_preset(path, RACK, search).graph


def rig_of(name: str | os.PathLike[str], graph: Graph, *, bare: bool, backend: str | None) -> Rig:
    """Return a graph as a rig; ``name`` is its file, or its name in messages."""
    _set_backend(graph, backend)
    rates = model_rates(graph)
    if len(set(rates.values())) > 1:
        found = ", ".join(f"{n} {r:g} Hz" for n, r in rates.items())
        raise PresetError(f"{name}: its models were made for different rates: {found}")
    path = os.fspath(preset_path(name))
    return Rig(Path(name).stem, graph, next(iter(rates.values()), None), bare, path)


def model_rates(graph: Graph) -> dict[str, float]:
    """Return the sample rate of every model that does not resample, by node name."""
    return {
        name: node.resolved.sample_rate for name, node in models(graph).items() if not node.resample
    }


def assumed_rates(graph: Graph) -> dict[str, float]:
    """Return the rates in Hz that are assumed for models whose files have none, by node name."""
    return {
        name: node.resolved.sample_rate
        for name, node in models(graph).items()
        if any(side.file_model.sample_rate_is_assumed for side in node.sides)
    }


def models(graph: Graph) -> dict[str, Nam]:
    """Return the ``Nam`` nodes by name."""
    return {name: node for name, node in graph.nodes.items() if isinstance(node, Nam)}


def format_levels(graph: Graph, missing: bool = True) -> str:
    """Return the gains of level-matched models as one line, with ``missing`` levels if asked."""
    rows = levels_of_models(graph)
    return "; ".join(f"{name}: {a if missing else a.gains}" for name, _, a in rows)


def levels_of_models(graph: Graph) -> list[tuple[str, str, Applied]]:
    """Return name, file and gains of every level-matched model; those of a bank are numbered.

    Of a pair of captures both: ``amp (left)`` and ``amp (right)``.
    """
    found = list[tuple[str, str, Applied]]()
    for name, node in graph.nodes.items():
        if not isinstance(node, Nam | NamBank) or not (
            node.levels != "raw" or node.calibrate_input
        ):
            continue
        if isinstance(node, Nam):
            found += [
                (name if node.right is None else f"{name} ({SIDES[n]})", side.path, gains)
                for n, side in enumerate(node.sides)
                for gains in [node.levels_applied(n)]
            ]
        else:
            rows = zip(node.paths, node.levels_applied(), strict=True)
            found += [(f"{name}[{n}]", file_label(p), a) for n, (p, a) in enumerate(rows)]
    return found


def model_graph(
    model: str | os.PathLike[str],
    ir: str | os.PathLike[str] | None = None,
    layout: str | None = None,
    right: str | os.PathLike[str] | None = None,
) -> Graph:
    """Return a graph of one model, the node ``amp``, and the cabinet ``cab`` if ``ir`` is given.

    A cabinet with two inputs gets the model through a node ``pan``, in the center.  With a second
    model, ``right``, the graph is stereo.
    """
    graph = Graph()
    amp = Nam(os.fspath(model), None if right is None else os.fspath(right))
    channels = amp.own_channels
    end = graph.input("in", channels=channels) >> graph.add("amp", amp)
    if ir is not None:
        cab = Cab(os.fspath(ir), layout=layout or "auto")
        wide = channels == 2
        channels = cab.outputs[0].channels or channels
        if cab.inputs[0].channels == 2 and not wide:
            end = end >> graph.add("pan", Pan())
        end = end >> graph.add("cab", cab)
    end >> graph.output("out", channels=channels)
    return graph


def _slim(graph: Graph, slim: float) -> None:
    found = models(graph)
    if not found:
        raise ParamError(f"--slim is {slim:g}: the rack has no model to apply it to")
    for name, node in found.items():
        graph.replace(name, replace(node, slim=slim))


def _warn_of_slim(graph: Graph, asked: Iterable[str]) -> None:
    """Warn if ``slim`` was asked for and no model that it was set in has more than one size."""
    found = models(graph)
    fixed = {name: found[name] for name in asked if name in found}
    sizes = [len(side.file_model.sizes) for m in fixed.values() for side in m.sides]
    if fixed and max(sizes) == 1 and all(m.slim < 1 for m in fixed.values()):
        names = ", ".join(file_label(node.path) for node in fixed.values())
        line = f"slim changes nothing: {names}: not slimmable, there is one size"
        warnings.warn(line, RuntimeWarning, stacklevel=stack_level())


def _set_backend(graph: Graph, backend: str | None) -> None:
    """Set the backend of all models; raise ``ParamError`` for "cuda" without a usable GPU."""
    if backend is None:
        return
    from ..runtime.cuda.driver.device import unavailable_reason

    reason = unavailable_reason()
    if backend == "cuda" and reason:
        raise ParamError(f"backend is cuda: {reason}: must be auto or cpu")
    found = {n: m for n, m in graph.nodes.items() if isinstance(m, Nam | NamBank)}
    if backend == "cuda" and not found:
        raise ParamError("backend is cuda: the rack has no model")
    where = "cpu" if reason else backend
    for name, node in found.items():
        if where == "cuda" and (reason := node.device_refusal()):
            raise ParamError(f"backend is cuda: {name}: {reason}: must be auto or cpu")
        graph.replace(name, replace(node, backend=where))


def check_devices(graph: Graph) -> None:
    """Raise ``ParamError`` if a model with backend "cuda" cannot run on this machine."""
    for name, node in graph.nodes.items():
        if isinstance(node, Nam | NamBank) and node.backend == "cuda":
            from ..runtime.cuda.driver.device import unavailable_reason

            reason = unavailable_reason() or node.device_refusal()
            if reason:
                raise ParamError(f"{name}: backend is cuda: {reason}: must be auto or cpu")


def _set_models(graph: Graph, **options: Any) -> None:
    """Set the options that are not ``None`` in every model."""
    given = {name: value for name, value in options.items() if value is not None}
    found: dict[str, Nam | NamBank] = {**models(graph)}
    if "resample" not in given:  # a bank has no such option
        found |= {n: node for n, node in graph.nodes.items() if isinstance(node, NamBank)}
    if given and not found:
        name, value = next(iter(given.items()))
        raise ParamError(f"--{name.replace('_', '-')} is {value}: the rack has no model")
    for name, node in found.items() if given else ():
        graph.replace(name, replace(node, **given))
