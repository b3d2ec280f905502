"""Manifest entries before rendering: a fingerprint of everything that a file depends on."""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...graph import AudioFileError
from ...graph.version import VERSION
from ...nodes.nam import Model, Nam, NamBank
from ...nodes.nam.pair.sides import SIDES
from ...runtime.native.host import host_lanes
from ..files.bundle import bundle_member
from ..preset import stored_path
from ..rig import Rig, format_levels
from .execution.digests import Digests, digest, rack_digest
from .items import Item
from .job import Job
from .manifest import Entry

__all__ = ["RackFacts", "begin_entry", "is_made", "named_entry", "rack_facts"]

ABOUT = ("name", "modeled_by", "gear_type", "gear_make", "gear_model", "tone_type")
LEVELS = ("loudness", "input_level_dbu", "output_level_dbu")


@dataclass(frozen=True)
class RackFacts:
    """What entries say of a rack, equal for all its inputs."""

    digest: str
    levels: str | None
    """Gains of level matching."""
    models: tuple[dict[str, Any], ...]
    """Digest and metadata of each model."""
    tail: bool


def rack_facts(job: Job, rig: Rig, digests: Digests) -> RackFacts:
    """Return what the entries of a rack's files say of it."""
    models = list[dict[str, Any]]()
    for name, node in rig.graph.nodes.items():
        if isinstance(node, Nam):
            sides = zip((node.path, node.right), SIDES, node.sides, strict=False)
            for path, side, found in sides:
                label = name if node.right is None else f"{name} ({side})"
                models.append(_model(job, label, path, found.file_model))
        elif isinstance(node, NamBank):
            for k, (path, found) in enumerate(zip(node.paths, node.resolved, strict=True)):
                models.append(_model(job, f"{name}[{k}]", path, found.file_model))
    return RackFacts(
        digest=rack_digest(rig, digests.of),
        levels=format_levels(rig.graph) or None,
        models=tuple(models),
        tail=rig.renders_tail(job.tail),
    )


def begin_entry(job: Job, item: Item, rack: RackFacts, input_sha256: str) -> Entry:
    """Return the manifest entry of a file, without its levels.

    Its ``fingerprint`` depends on all that the samples depend on: the contents of all files, every
    setting, the version of this package, and the processor's SIMD width.
    """
    depends = [VERSION, host_lanes(), rack.digest, input_sha256]
    depends += [job.subtype or "pcm24", job.resample]
    if job.channel is not None:
        depends.append({"channel": job.channel})
    if job.loudness is not None:
        depends.append({"loudness": float(job.loudness)})
    text = json.dumps([*depends, rack.tail], sort_keys=True)
    return {
        **named_entry(job, item),
        "levels": rack.levels,
        "input_sha256": input_sha256,
        "models": list(rack.models),
        "fingerprint": hashlib.sha256(text.encode()).hexdigest(),
    }


def named_entry(job: Job, item: Item) -> Entry:
    """Return what the entry of a file says before any file is read."""
    return {
        "file": item.file,
        "input": stored_path(item.source, job.output),
        "rack": _stored_name(item.rack, job.output),
        "model": _stored_name(item.model, job.output),
        "settings": {**item.settings, **item.sampled, **job.overrides},
        **({} if item.variant is None else {"variant": item.variant}),
    }


def is_made(entry: Mapping[str, Any], before: Mapping[str, Any] | None, output: Path) -> bool:
    """Whether a file is up to date: its fingerprint and its bytes are those in the manifest."""
    if before is None or before.get("fingerprint") != entry["fingerprint"]:
        return False
    if "clipped" not in before or "true_peak_dbtp" not in before:  # of a version without these
        return False
    try:
        return digest(os.fspath(output / str(entry["file"]))) == before.get("sha256")
    except AudioFileError:
        return False


def _model(job: Job, node: str, path: Any, model: Model) -> dict[str, Any]:
    return {
        "node": node,
        "file": _stored_file(os.fspath(path), job.output),
        "sha256": model.digest,
        "architecture": model.architecture,
        "sample_rate": model.sample_rate,
        **{key: getattr(model, key) for key in (*ABOUT, *LEVELS)},
    }


def _stored_file(path: str, folder: Path) -> str:
    """Return a path relative to the manifest's folder; that of a bundle and one inside it."""
    if (packed := bundle_member(path)) is None:
        return stored_path(path, folder)
    bundle, member = packed
    return f"{stored_path(os.path.abspath(bundle), folder)}/{member}"


def _stored_name(name: str, folder: Path) -> str | None:
    """Return a path relative to the manifest's folder, or the name of a bundled preset."""
    if not name or not os.path.isabs(name):
        return name or None
    return stored_path(name, folder)
