"""Description of an item's rack as plain values, and the cache of racks that this process opened.

A description can be pickled and compared, so a worker in another process opens the same rack.
"""

import json
import os
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from ....graph import Graph, JobError, NamgraphError, PresetError
from ....runtime.adapters.automation import automated
from ...lanes import read_lanes
from ...preset import read_preset
from ...rig import Rig, model_graph, models, rig_of
from ...settings import SNAPSHOT, with_settings
from .digests import rack_digest

__all__ = ["RackSource", "keep_open", "opened"]

MAX_OPEN = 1024
"""Most racks that this process keeps open; their models are in a cache of their own."""


@dataclass(frozen=True)
class RackSource:
    """A preset or model with what a job sets in it: plain values, all paths absolute or below."""

    rack: str
    """Path of a preset, or the name of a bundled one; empty for a bare model."""
    model: str
    """Path of a model; empty where the rack keeps its own."""
    model_node: str
    """The node whose model is replaced; empty where the rack has one."""
    ir: str
    """Path of a cabinet after a bare model; or empty."""
    settings: str
    """What is set, by ``"node.field"``, as JSON; paths are relative to ``folder``."""
    folder: str
    overrides: str
    """What ``--set`` gives afterwards, as JSON; paths are relative to ``overrides_folder``."""
    overrides_folder: str
    automation: str
    """Automation lanes as JSON, as in the job."""
    backend: str | None = None
    """As of ``open_rig``."""
    sampled: str = "{}"
    """What is set last, as JSON: values drawn at random for one file."""
    plain_digest: str = ""
    """``rack_digest`` of the rack without these, if there are any."""
    search: tuple[str, ...] = ()
    """Folders to find moved files of the preset in: those of the process that checked the job."""

    @property
    def plain(self) -> "RackSource":
        """The rack without sampled settings."""
        return replace(self, sampled="{}", plain_digest="")

    def open(self) -> Rig:
        """Open the rack; ``PresetError`` and other ``NamgraphError``s as of ``open_rig``."""
        if self.plain_digest and (found := self._with_params()) is not None:
            return found
        settings = {**json.loads(self.settings), **json.loads(self.sampled)}
        return replace(self, sampled="{}", settings=json.dumps(settings))._open()

    def _with_params(self) -> Rig | None:
        """Return the plain rack with sampled parameters, or ``None`` if other fields are sampled.

        A hundred times as fast as opening it.
        """
        rig, drawn = opened(self.plain, self.plain_digest), json.loads(self.sampled)
        known = {f"{name}.{key}" for name, n in rig.graph.nodes.items() for key in n.params()}
        if not all(type(value) in (int, float) and name in known for name, value in drawn.items()):
            return None
        try:
            return replace(rig, graph=rig.graph.with_params(drawn))
        except NamgraphError as error:
            raise PresetError(f"settings: {error}") from None

    def _open(self) -> Rig:
        given, overrides = json.loads(self.settings), json.loads(self.overrides)
        changes, bare = dict(given), not self.rack
        graph = model_graph(self.model, self.ir or None) if bare else self._preset()
        if self.model:
            place = "amp.path" if bare else f"{self._model_node(graph)}.path"
            for values, named in ((changes, "settings."), (overrides, "--set ")):
                if place in values:
                    raise PresetError(f"{named}{place}: the job's models are set there")
            if not bare:
                changes[place] = self.model
        lanes = _lanes(self.automation)  # then on the CPU, which moves parameters
        chosen = "amp.backend" in {**changes, **overrides}
        backend = self.backend
        if bare and backend is None and not lanes and not chosen:
            backend = "auto"
        if SNAPSHOT in overrides:  # before the settings of the job
            changes[SNAPSHOT] = overrides.pop(SNAPSHOT)
        graph = with_settings(graph, changes, self.folder)
        graph = with_settings(graph, overrides, self.overrides_folder, place="--set ")
        if lanes:
            graph = automated(graph, lanes)
        return rig_of(self.rack or self.model, graph, bare=bare and not self.ir, backend=backend)

    def _preset(self) -> Graph:
        """Read the preset; another machine may lack folders that it does not need."""
        return read_preset(self.rack, search=list(filter(os.path.isdir, self.search))).graph

    def _model_node(self, graph: Graph) -> str:
        found = models(graph)
        if self.model_node:
            if self.model_node not in found:
                raise PresetError(
                    f"model_node is {self.model_node!r}: {self.rack} has "
                    f"{', '.join(found) or 'no model'}"
                )
            return self.model_node
        if len(found) != 1:
            raise PresetError(
                f"{self.rack} has {len(found)} models ({', '.join(found) or 'none'}): "
                "model_node must say which one to replace"
            )
        return next(iter(found))


@lru_cache(maxsize=8)
def _lanes(text: str) -> Mapping[str, Any]:
    return read_lanes(json.loads(text))


_open: OrderedDict[tuple[RackSource, str], Rig] = OrderedDict()
_lock = threading.RLock()  # a rack with sampled settings opens the plain one


def opened(source: RackSource, wanted: str) -> Rig:
    """Return the rack whose ``rack_digest`` is ``wanted``, opened once in this process.

    ``JobError`` if its files have another content: they changed while the job ran, or differ on
    this machine.  Any thread.
    """
    with _lock:
        if (found := _open.get((source, wanted))) is None:
            found = source.open()
            if rack_digest(found) != wanted:
                raise JobError(
                    f"{source.rack or source.model}: the rack or a file in it is not what it was "
                    "when the job was checked: start the job again"
                )
        _keep(source, wanted, found)
        return found


def keep_open(source: RackSource, rack: str, rig: Rig) -> None:
    """Keep an open rack, of digest ``rack``, for ``opened``.  Any thread."""
    with _lock:
        _keep(source, rack, rig)


def _keep(source: RackSource, rack: str, rig: Rig) -> None:
    _open[source, rack] = rig
    _open.move_to_end((source, rack))
    while len(_open) > MAX_OPEN:
        _open.popitem(last=False)
