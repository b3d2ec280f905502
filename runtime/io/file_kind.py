"""Detect the kind of a file from its content, for errors such as "is a web page, not audio".

Readers decide whether a file is valid; this module only names what it is.  The kind is detected
from the first bytes (magic numbers of the ``file`` command's database and of the format documents);
for JSON, from the keys of the outermost object.
"""

import json
import os
from typing import Any, NamedTuple

from ...graph.paths import special_file_kind

__all__ = [
    "AUDIO",
    "CAPTURES",
    "GUITARML",
    "HEAD",
    "JOB",
    "KERAS",
    "MODEL",
    "MODEL_SUFFIXES",
    "NAMB",
    "PRESET",
    "READ",
    "SMARTAMP",
    "SMARTAMP_PRO",
    "Kind",
    "complaint",
    "is_model",
    "kind_of",
    "kind_of_file",
    "kind_of_json",
]

HEAD = 4096
"""Bytes at the start of a file that are examined, unless it is JSON."""
MAX_JSON_BYTES = 64 << 20
"""Bytes of JSON that are parsed to detect its kind: the size limit of a model."""


class Kind(NamedTuple):
    """The kind of a file, and advice for an error message."""

    what: str
    advice: str = ""


AUDIO = "audio"
MODEL = "a NAM model"
KERAS = "a Keras model for RTNeural (AIDA-X)"
GUITARML = "a model of GuitarML (Proteus, NeuralPi)"
SMARTAMP = "a model of GuitarML (SmartAmp)"
SMARTAMP_PRO = "a model of GuitarML (SmartAmpPro)"
NAMB = "a .namb model"
PRESET = "a namgraph preset"
JOB = "a job for namgraph batch"

CAPTURES = (MODEL, KERAS, GUITARML, SMARTAMP, SMARTAMP_PRO, NAMB)
"""Kinds of models that are played."""

MODEL_SUFFIXES = (".nam", ".aidax", ".namb")

MAGIC: tuple[tuple[int, bytes, Kind], ...] = (
    (0, b"fLaC", Kind("audio (FLAC)")),
    (0, b"OggS", Kind("audio (Ogg)")),
    (0, b"ID3", Kind("audio (MP3)")),
    (0, b"caff", Kind("audio (CAF)")),
    (0, b".snd", Kind("audio (AU)")),
    (0, b"wvpk", Kind("audio (WavPack)", "convert it to WAV or FLAC")),
    (4, b"ftyp", Kind("audio or video (MPEG-4)", "convert it to WAV or FLAC")),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", Kind("audio or video (WMA)", "convert it to WAV")),
    (0, b"MThd", Kind("a MIDI file")),
    (0, b"NAMB", Kind("a .namb model of big-endian numbers", "get the .nam")),
    (0, b"BMAN", Kind(NAMB, "namgraph.load_capture reads it")),
    (0, b"\x1f\x8b", Kind("a gzip archive", "unpack it")),
    (0, b"PK\x03\x04", Kind("a zip archive", "unpack it")),
    (0, b"PK\x05\x06", Kind("a zip archive without files")),
    (0, b"BZh", Kind("a bzip2 archive", "unpack it")),
    (0, b"\xfd7zXZ\0", Kind("an xz archive", "unpack it")),
    (0, b"\x28\xb5\x2f\xfd", Kind("a zstd archive", "unpack it")),
    (0, b"7z\xbc\xaf\x27\x1c", Kind("a 7z archive", "unpack it")),
    (0, b"Rar!\x1a\x07", Kind("a RAR archive", "unpack it")),
    (257, b"ustar", Kind("a tar archive", "unpack it")),
    (
        0,
        b"\0\x05\x16\x07",
        Kind("what macOS keeps about a file (AppleDouble)", "take the one without ._ in its name"),
    ),
    (0, b"\0\x05\x16\x00", Kind("an AppleSingle file")),
    (0, b"book\0\0\0\0mark", Kind("a macOS alias", "take the file it leads to")),
    (0, b"L\0\0\0\x01\x14\x02\0", Kind("a Windows shortcut", "take the file it leads to")),
    (0, b"bplist00", Kind("a macOS property list")),
    (0, b"\x89PNG\r\n", Kind("a picture (PNG)")),
    (0, b"\xff\xd8\xff", Kind("a picture (JPEG)")),
    (0, b"GIF8", Kind("a picture (GIF)")),
    (0, b"II*\0", Kind("a picture (TIFF)")),
    (0, b"MM\0*", Kind("a picture (TIFF)")),
    (0, b"%PDF", Kind("a PDF document")),
    (0, b"\x89HDF\r\n", Kind("an HDF5 file (perhaps weights of Keras)")),
    (0, b"\x93NUMPY", Kind("a NumPy array")),
    (0, b"SQLite format 3\0", Kind("an SQLite database")),
    (0, b"\x7fELF", Kind("a program")),
    (0, b"MZ", Kind("a program")),
    (0, b"\xcf\xfa\xed\xfe", Kind("a program")),
    (0, b"CcnK", Kind("a VST preset (FXP)")),
    (0, b"VST3", Kind("a VST 3 preset")),
    (
        0,
        b"version https://git-lfs.github.com/spec",
        Kind("a Git LFS pointer", "the file itself is fetched by git lfs pull"),
    ),
    (0, b"/annex/objects/", Kind("a git-annex pointer", "fetch the file by git annex get")),
)
READ = {kind for _, _, kind in MAGIC if kind.what.startswith("audio") and not kind.advice}
READ |= {Kind("audio (WAV)"), Kind("audio (AIFF)")}
"""Kinds that are opened as audio: for these, the error of the reader is used."""
RIFF = {b"WAVE": "audio (WAV)", b"WEBP": "a picture (WebP)", b"AVI ": "a video (AVI)"}
PAGE = Kind("a web page", "fetch the file itself again")
UTF16 = Kind("text in UTF-16", "save it as UTF-8")


def kind_of(content: bytes) -> Kind | None:
    """Return the kind of a file from its first bytes; ``None`` for JSON, other text, unknown."""
    if not content:
        return Kind("an empty file")
    if content[:4] in (b"RIFF", b"RF64", b"BW64", b"RIFX") and content[8:12] in RIFF:
        return Kind(RIFF[content[8:12]])
    if content[:4] == b"FORM" and content[8:12] in (b"AIFF", b"AIFC"):
        return Kind("audio (AIFF)")
    for at, magic, kind in MAGIC:
        if content[at : at + len(magic)] == magic:
            return Kind("a PyTorch file") if b"data.pkl" in content[:256] else kind
    if content[:2] == b"\x80\x02" or (content[:1] == b"\x80" and content[2:3] == b"\x95"):
        return Kind("a Python pickle", "it may run code: such files are not read")
    if not content.strip(b"\0"):
        return Kind("a file that begins with nothing but zero bytes", "fetch or make it again")
    return _text(content)


def _text(content: bytes) -> Kind | None:
    if content[:4] in (b"\xff\xfe\0\0", b"\0\0\xfe\xff"):
        return Kind("text in UTF-32", UTF16.advice)
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return UTF16
    first = content.removeprefix(b"\xef\xbb\xbf").lstrip()[:HEAD]
    if content[:2] in (b"{\0", b"[\0", b"\0{", b"\0[") and content[:4].count(0) == 2:
        return UTF16
    if first[:1] == b"<":
        words = first.lower()
        if any(tag in words for tag in (b"<html", b"<!doctype html", b"<head", b"<body")):
            return PAGE
        return Kind("a picture (SVG)" if b"<svg" in words else "XML or HTML text")
    if content[:1] == b"\xff" and len(content) > 1 and content[1] & 0xE6 in (0xE2, 0xE4, 0xE6):
        return Kind("audio (MP3)")
    return None


def kind_of_json(values: Any) -> Kind | None:
    """Return the kind of parsed JSON, by its keys; ``None`` if unknown."""
    if not isinstance(values, dict):
        return None
    has = values.keys()
    layers, presets = values.get("layers"), values.get("presets")
    if "namgraph" in has:
        return Kind(PRESET)
    if "namgraph_job" in has:
        return Kind(JOB)
    if "namgraph_manifest" in has:
        return Kind("a manifest of namgraph batch")
    if {"architecture", "weights"} <= has or {"version", "architecture"} <= has:
        return Kind(MODEL)
    if "state_dict" in has or ("model_data" in has and "layers" not in has):
        return Kind(GUITARML, "namgraph.load_capture reads it")
    if isinstance(layers, list) and ("in_shape" in has or _keras(layers)):
        return Kind(KERAS, "namgraph.load_capture reads it")
    if {"residual_channels", "dilations"} <= has:
        return Kind(SMARTAMP, "namgraph.load_capture reads it")
    if {"conv1d", "lstm", "dense"} <= has:
        return Kind(SMARTAMP_PRO, "namgraph.load_capture reads it")
    if isinstance(presets, list) and presets and isinstance(presets[0], dict):
        owner = {"pedalboard": "PiPedal", "blocks": "TONE3000"}
        names = [name for key, name in owner.items() if key in presets[0]]
        return Kind(f"a file of presets of {names[0] if names else 'another program'}")
    return None


def _keras(layers: list[Any]) -> bool:
    return bool(layers) and isinstance(layers[0], dict) and {"type", "shape"} <= layers[0].keys()


def kind_of_file(path: str) -> Kind | None:
    """Return the kind of the file at a path; ``None`` if it is unknown or cannot be read."""
    try:
        kind = special_file_kind(os.stat(path).st_mode)
        if kind:
            return Kind(kind)
        with open(path, "rb") as file:
            content = file.read(HEAD)
            found = kind_of(content)
            first = content.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
            if found is not None or first not in (b"{", b"["):
                return found
            content += file.read(MAX_JSON_BYTES)
        return kind_of_json(json.loads(content.decode("utf-8-sig"))) or Kind("JSON text")
    except (OSError, ValueError, RecursionError):
        return None


def is_model(path: str | os.PathLike[str]) -> bool:
    """Return whether a file is a model: by its suffix, or else by its content."""
    name = os.fspath(path)
    if name.lower().endswith(MODEL_SUFFIXES):
        return True
    kind = kind_of_file(name)
    return kind is not None and kind.what in CAPTURES


def complaint(kind: Kind | None, wanted: str) -> str:
    """Return an error text ("is a web page, not audio: ..."), empty if it may be what is wanted."""
    if kind is None or kind.what == wanted or (wanted == AUDIO and kind in READ):
        return ""
    advice = f": {kind.advice}" if kind.advice else ""
    return f"is {kind.what}, not {wanted}{advice}"
