"""Read a job: a JSON file that lists inputs, models, racks and settings to combine.

``presets/README.md`` describes the format.  Reading any file returns a job or raises one
``JobError`` that names the place, what was found there, and what is allowed.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ...graph import JobError, NamgraphError, PresetError
from ...graph.json_text import parse_json
from ...graph.paths import checked_path
from ...runtime.io.audio_writer import SUBTYPES, check_subtype
from ...runtime.io.file_kind import JOB, complaint, kind_of_json
from ..files.search import search_folders
from ..json_file import no_repeated_keys, read_json_file
from ..lanes import read_lanes
from ..rendering.input_channels import CHANNELS
from ..rendering.render import check_loudness
from ..rig import Rig
from ..values import no_such_key, wrong
from .execution.racks import RackSource
from .items import Item, items_of
from .manifest import made_before
from .patterns import text_of
from .samplers import Sampler, sampler_of, samplers_of

__all__ = ["KEYS", "Item", "Job", "job_of", "read_job"]

FORMAT = 1
KEYS = ["namgraph_job", "inputs", "models", "racks", "model_node", "settings"]
KEYS += ["automation", "output", "name", "subtype", "tail", "resample", "channel", "loudness"]
KEYS += ["variants", "seed", "ir"]
MAX_BYTES = 16 << 20
IN_MEMORY = "the job"
"""What messages call a job that has no file."""


@dataclass(frozen=True)
class Job:
    """A job that was read; none of the files that it names is open yet."""

    name: str
    """The file, as given, or what messages call a job without one."""
    path: str | None
    """The file; ``None`` if the job is in memory."""
    folder: Path
    """Folder of the job file, or the one given: relative paths start here."""
    output: Path
    written_output: str
    """``output`` as written in the job file."""
    items: tuple[Item, ...]
    model_node: str
    ir: str
    """Absolute path of the cabinet after models without a rack; or empty."""
    subtype: str | None
    tail: bool | None
    resample: bool
    channel: str | None
    """What of stereo inputs is played: ``choose_channels``."""
    loudness: float | None
    """Integrated loudness of every file in LUFS; None leaves them as they are."""
    automation: str
    """Of each parameter the curve that it follows in every file, as JSON."""
    samplers: Mapping[str, Sampler] = field(default_factory=dict)
    """Settings that are drawn at random for each file."""
    overrides: Mapping[str, Any] = field(default_factory=dict)
    """What ``--set`` gives, by ``"node.field"``."""
    overrides_folder: str = ""
    """Paths in ``overrides`` are relative to it: the current folder when the job was read."""

    def source(self, item: Item, backend: str | None = None) -> RackSource:
        """Return the description of an item's rack; ``backend`` is as of ``open_rig``."""
        return RackSource(
            rack=item.rack,
            model=item.model,
            model_node=self.model_node,
            ir=self.ir,
            settings=json.dumps(item.settings),
            folder=os.fspath(self.folder),
            overrides=json.dumps(self.overrides),
            overrides_folder=self.overrides_folder,
            automation=self.automation,
            backend=backend,
            sampled=json.dumps(item.sampled),
            search=tuple(search_folders()) if item.rack else (),
        )

    def rig(self, item: Item, backend: str | None = None) -> Rig:
        """Open the rig of an item."""
        return self.source(item, backend).open()


def read_job(path: str | os.PathLike[str], settings: Mapping[str, Any] | None = None) -> Job:
    """Read a job file; its paths are relative to its folder.

    ``settings`` are set in every rack, after the job's own; a path among them is relative to the
    current folder.
    """
    name = checked_path(path, "path", JobError)
    file = Path(name)
    content = read_json_file(file, name, MAX_BYTES, JobError, wanted=JOB)
    try:
        data = parse_json(content, PresetError, object_pairs_hook=no_repeated_keys)
        job = _job(name, name, data, Path(os.path.abspath(file)).parent)
        return _with_overrides(job, settings or {})
    except NamgraphError as error:
        raise JobError(f"{name}: {error}") from error.__cause__


def job_of(data: Mapping[str, Any], folder: str | os.PathLike[str] = ".") -> Job:
    """Return a job in memory, the keys and values of a job file; paths start at ``folder``."""
    try:
        plain = json.loads(json.dumps(data, default=_plain_value))
        return _job(
            IN_MEMORY, None, {"namgraph_job": FORMAT, **plain}, Path(os.path.abspath(folder))
        )
    except (TypeError, ValueError, RecursionError) as error:
        if isinstance(error, NamgraphError):
            raise JobError(f"{IN_MEMORY}: {error}") from error.__cause__
        raise JobError(f"{IN_MEMORY}: is not made of JSON values: {error}") from None
    except NamgraphError as error:
        raise JobError(f"{IN_MEMORY}: {error}") from error.__cause__


def _plain_value(value: Any) -> Any:
    """Return a path as text, an array as a list; for the JSON encoder."""
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"it has {value!r:.60}")


def _with_overrides(job: Job, settings: Mapping[str, Any]) -> Job:
    for each in settings:
        if len({json.dumps(item.settings.get(each)) for item in job.items}) > 1:
            raise PresetError(f"--set {each}: the job combines several values of it")
        if each in job.samplers:
            raise PresetError(f"--set {each}: the job draws it at random")
        if sampler_of(f"--set {each}", settings[each]) is not None:
            raise PresetError(
                f"--set {each}: is a sampler: must be in the settings of the job, or go with "
                "--inputs in place of a job file"
            )
    return replace(job, overrides=dict(settings), overrides_folder=os.getcwd())


def _job(name: str, path: str | None, data: Any, folder: Path) -> Job:
    if not isinstance(data, dict):
        wrong("the job", data, "a JSON object")
    if "namgraph_job" not in data:
        if other := complaint(kind_of_json(data), JOB):
            raise PresetError(other)
        raise PresetError('the key "namgraph_job" is missing: is this a job for namgraph batch?')
    if type(data["namgraph_job"]) is not int or data["namgraph_job"] != FORMAT:
        wrong("namgraph_job", data["namgraph_job"], f"{FORMAT}, the format this package reads")
    for key in data:
        if key not in KEYS:
            no_such_key("the job", key, KEYS)
    if data.get("subtype", "pcm24") not in list(SUBTYPES):  # any JSON value, perhaps unhashable
        wrong("subtype", data["subtype"], f"one of {', '.join(SUBTYPES)}")
    for key, kinds in (("tail", (bool, type(None))), ("resample", (bool,))):
        if not isinstance(data.get(key, False), kinds):
            wrong(key, data[key], "true or false" + (" or null" if len(kinds) > 1 else ""))
    if data.get("channel") not in [None, *CHANNELS]:
        wrong("channel", data["channel"], f"one of {', '.join(CHANNELS)}")
    check_loudness(data.get("loudness"), "loudness")
    written = text_of(data, "output", "renders")
    output = Path(os.path.abspath(folder / written))
    read_lanes(data.get("automation"))  # raises if it is none
    if (ir := text_of(data, "ir", "")) and data.get("racks"):
        raise PresetError("ir: goes with models alone: a rack has its own cabinet")
    items = tuple(items_of(data, folder, output, made_before(output)))
    for one in {Path(item.file).suffix: item.file for item in items}.values():
        check_subtype(one, data.get("subtype"))
    return Job(
        name=name,
        path=path,
        folder=folder,
        output=output,
        written_output=written,
        items=items,
        model_node=text_of(data, "model_node", ""),
        ir=os.path.abspath(folder / ir) if ir else "",
        subtype=data.get("subtype"),
        tail=data.get("tail"),
        resample=data.get("resample", False),
        samplers=samplers_of(data.get("settings", {})),
        channel=data.get("channel"),
        loudness=data.get("loudness"),
        automation=json.dumps(data.get("automation") or None),
    )
