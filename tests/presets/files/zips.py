"""Zip archives for tests, made a byte at a time where ``zipfile`` refuses to make them."""

import io
import json
import stat
import struct
import warnings
import zipfile
from typing import Any

__all__ = ["RACK", "archive", "end", "link", "patched", "rack_with"]

RACK: dict[str, Any] = {
    "namgraph": 1,
    "inputs": {"in": 1},
    "outputs": {"out": 1},
    "nodes": {"level": {"type": "gain", "gain_db": -3.0}},
    "connections": [["in", "level"], ["level", "out"]],
}


def rack_with(path: Any) -> dict[str, Any]:
    """A preset of one cabinet, whose file is written as ``path``."""
    return RACK | {"nodes": {"cab": {"type": "cab", "path": path}}, "connections": []}


def archive(
    *members: tuple[str, bytes | str | dict[str, Any]],
    mode: int = 0,
    comment: bytes = b"",
    method: int = zipfile.ZIP_DEFLATED,
) -> bytes:
    """The bytes of an archive; a member's content may be the JSON of a preset."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as packed, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of two members of one name
        for name, content in members:
            info = zipfile.ZipInfo("x")
            info.filename = name  # as it is: the constructor would cut it at a zero byte
            info.compress_type = method
            info.external_attr = mode << 16
            data = json.dumps(content) if isinstance(content, dict) else content
            packed.writestr(info, data)
        packed.comment = comment
    return made.getvalue()


def link(name: str, to: str) -> bytes:
    """An archive of a preset and a symbolic link."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as packed:
        packed.writestr("rack.json", json.dumps(RACK))
        info = zipfile.ZipInfo(name)
        info.create_system, info.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
        packed.writestr(info, to)
    return made.getvalue()


def patched(content: bytes, *, member: int = 0, local: bool = True, **fields: int) -> bytes:
    """An archive with fields of the directory entry of a member changed, and of its header."""
    changed = bytearray(content)
    at = -1
    for _ in range(member + 1):
        at = changed.index(b"PK\1\2", at + 1)
    header = struct.unpack_from("<L", changed, at + 42)[0]
    places = {
        "flags": ("<H", 8, 6),
        "method": ("<H", 10, 8),
        "crc": ("<L", 16, 14),
        "packed": ("<L", 20, 18),
        "size": ("<L", 24, 22),
        "offset": ("<L", 42, None),
    }
    for name, value in fields.items():
        form, entry, there = places[name]
        struct.pack_into(form, changed, at + entry, value)
        if local and there is not None:
            struct.pack_into(form, changed, header + there, value)
    return bytes(changed)


def end(content: bytes, form: str, at: int, value: int) -> bytes:
    """An archive with a field of its last record changed."""
    changed = bytearray(content)
    struct.pack_into(form, changed, len(changed) - 22 + at, value)
    return bytes(changed)
