"""Write bundles: zip archives of one preset and the files it names, with reproducible bytes."""

import itertools
import os
import re
import shutil
import stat
import zipfile
import zlib
from collections.abc import Mapping
from typing import Any

from ...graph import PresetError
from ...runtime.io.atomic_write import whole_file, writing
from ..bundled import asset_name
from ..format_text import format_preset
from .references import ASSET, Path_, stored_path
from .search import FileSearch, Found
from .zip_check import (
    MAX_BUNDLE_BYTES,
    MAX_MEMBERS,
    MAX_RATIO,
    RATIO_FROM_BYTES,
    is_safe_name,
    name_key,
)

__all__ = ["FOLDER", "bare_path", "write_bundle"]

FOLDER = "files"
"""The folder in a bundle for all but the preset."""
DATE = (1980, 1, 1, 0, 0, 0)
"""Time of every member: the first that a zip archive has."""
CHUNK = 1 << 20
MAX_STEM = 80
MAX_SUFFIX = 20


def bare_path(path: Path_, folder: Path_) -> str:
    """Return a file as ``reference_json`` does, but not read: ``write_bundle`` reads it once."""
    name = asset_name(path)
    return f"{ASSET}{name}" if name else stored_path(path, folder)


def write_bundle(target: str, name: str, rack: dict[str, Any], search: FileSearch) -> list[str]:
    """Write a bundle, whole or not at all; return the names of its members.

    ``rack`` is the JSON of a preset, the member ``name``; its files are found by ``search`` and
    written anew in it, as they are called in the bundle.  ``PresetError`` names all that are
    missing.
    """
    files = search.find_all(rack.get("nodes"))
    if missing := [found for found in files if not found.path]:
        raise PresetError(search.describe_missing(missing))
    members = _names_of(files, search)
    for found in files:
        if not found.reference.is_asset:
            member, size, digest = members[found.path]
            found.field.write({"path": member, "size": size, "sha256": digest})
    content = {member: path for path, (member, _, _) in members.items()}
    total = sum(size for _, size, _ in members.values())
    if len(content) >= MAX_MEMBERS or total > MAX_BUNDLE_BYTES:
        raise PresetError(
            f"{target}: would have {len(content) + 1} members of {total} bytes: at most "
            f"{MAX_MEMBERS} of {MAX_BUNDLE_BYTES}"
        )
    preset = _member_name(os.path.splitext(name)[0], ".json")
    with (
        whole_file(target, PresetError) as part,
        writing(target, PresetError),
        zipfile.ZipFile(part, "w") as archive,
    ):
        text = format_preset(rack).encode()
        is_large = len(text) > RATIO_FROM_BYTES
        archive.writestr(_info(preset), text, zipfile.ZIP_STORED if is_large else None)
        for member in sorted(content):
            _add(archive, member, content[member])
    return [preset, *sorted(content)]


def _add(archive: zipfile.ZipFile, member: str, path: str) -> None:
    info = _info(member)
    info.file_size = os.path.getsize(path)
    if info.file_size > max(RATIO_FROM_BYTES, MAX_RATIO * _packed_size(path)):
        info.compress_type = zipfile.ZIP_STORED  # a bundle must not look like a zip bomb
    with open(path, "rb") as source, archive.open(info, "w") as file:
        shutil.copyfileobj(source, file, CHUNK)


def _packed_size(path: str) -> int:
    """Return the bytes of a file after compression, a little less at most."""
    packer, size = zlib.compressobj(wbits=-15), 0
    with open(path, "rb") as file:
        while block := file.read(CHUNK):
            size += len(packer.compress(block))
    return size + len(packer.flush())


def _info(member: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(member, DATE)
    info.create_system = 3  # the same on every system
    info.external_attr = (stat.S_IFREG | 0o644) << 16
    info.compress_type = zipfile.ZIP_DEFLATED
    return info


def _names_of(files: list[Found], search: FileSearch) -> Mapping[str, tuple[str, int, str]]:
    """Return member, size and SHA-256 of every file by path; equal files share a member."""
    found, taken = dict[str, tuple[str, int, str]](), dict[str, tuple[str, int, str]]()
    for each in files:
        if each.reference.is_asset or each.path in found:
            continue
        try:
            size, digest = os.path.getsize(each.path), search.digest_of(each.path)
        except OSError as reason:
            raise PresetError(
                f"{each.field.place}: {each.path}: cannot be read: {reason.strerror or reason}"
            ) from None
        stem, suffix = os.path.splitext(os.path.basename(each.path))
        for number in itertools.count(1):
            name = _member_name(stem, suffix if number == 1 else f"-{number}{suffix}")
            member = f"{FOLDER}/{name}"
            found[each.path] = taken.setdefault(name_key(member), (member, size, digest))
            if found[each.path][2] == digest:
                break
    return found


def _member_name(stem: str, suffix: str) -> str:
    """Return a file name that every system can have."""
    forbidden = r'[\x00-\x1f\x7f-\x9f\ud800-\udfff\\/:*?"<>|]'
    stem, suffix = re.sub(forbidden, "_", stem), re.sub(r"[^.\w-]", "_", suffix)[-MAX_SUFFIX:]
    name = stem.encode()[:MAX_STEM].decode(errors="ignore").strip(" ") + suffix
    return name if is_safe_name(name) else f"_{name.strip(' .')}"
