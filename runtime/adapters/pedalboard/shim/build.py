"""How the shim is built: the same five files for everyone, or one for this machine.

    python -m pip install ziglang==0.13.0
    python -m namgraph.runtime.adapters.pedalboard.shim.build          build all into prebuilt/
    python -m namgraph.runtime.adapters.pedalboard.shim.build --check  build elsewhere and compare

The files are laid out as hosts want VST3 plugins on each system, so that nothing is copied when
they are used: a bundle on Linux and macOS, a single file on Windows.
"""

import hashlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

__all__ = ["HERE", "MANIFEST", "PREBUILT", "SOURCES", "TARGETS", "ZIG", "build", "checksum", "main"]

ZIG = "0.13.0"
"""The one version of ziglang that gives these bytes."""
HERE = Path(__file__).resolve().parent
SOURCES = ("shim.c", "factory.h", "instance.h", "vst3.h")
PREBUILT = HERE / "prebuilt"
MANIFEST = HERE / "prebuilt.json"
NAME = "namgraph"

TARGETS = {
    "x86_64-linux-gnu.2.17": f"linux/{NAME}.vst3/Contents/x86_64-linux/{NAME}.so",
    "aarch64-linux-gnu.2.17": f"linux/{NAME}.vst3/Contents/aarch64-linux/{NAME}.so",
    "x86_64-macos": f"macos-x86_64/{NAME}.vst3/Contents/MacOS/{NAME}",
    "aarch64-macos": f"macos-arm64/{NAME}.vst3/Contents/MacOS/{NAME}",
    "x86_64-windows-gnu": f"windows-x86_64/{NAME}.vst3",
}
"""Zig's name of each target, and the file it becomes."""

FLAGS = ("-std=c11", "-O2", "-g0", "-shared", "-fvisibility=hidden", "-fno-ident", "-s")
BY_SYSTEM = {
    "linux": ("-fPIC", "-Wl,--build-id=none"),
    "macos": ("-fPIC",),
    "windows": (),
}
PLIST = f"""<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN"
 "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0"><dict>
<key>CFBundleExecutable</key><string>{NAME}</string>
<key>CFBundleIdentifier</key><string>org.namgraph.shim</string>
<key>CFBundleName</key><string>{NAME}</string>
<key>CFBundlePackageType</key><string>BNDL</string>
<key>CFBundleVersion</key><string>1.0.0</string>
</dict></plist>
"""


def build(folder: Path, compiler: Sequence[str], targets: dict[str, str] = TARGETS) -> list[Path]:
    """Build the shim for each target with zig; return every file made, relative to ``folder``."""
    made = []
    for target, name in targets.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        system = target.split("-")[1]
        # In a folder of its own, by relative names: no path of this machine gets into the file.
        with tempfile.TemporaryDirectory() as work:
            for source in SOURCES:
                (Path(work) / source).write_bytes((HERE / source).read_bytes())
            command = [*compiler, "-target", target, *FLAGS, *BY_SYSTEM[system], SOURCES[0]]
            done = subprocess.run(
                [*command, "-o", NAME], cwd=work, capture_output=True, text=True, check=False
            )
            if done.returncode:
                raise SystemExit(f"{target}: {done.stderr.strip()}")
            file.write_bytes(_timeless((Path(work) / NAME).read_bytes()))
        file.chmod(0o755)
        made.append(Path(name))
        if system == "macos":
            plist = Path(name).parents[1] / "Info.plist"
            (folder / plist).write_text(PLIST, encoding="utf-8", newline="\n")
            made.append(plist)
    return made


def _timeless(code: bytes) -> bytes:
    """Clear the time at which a Windows file was linked, the only thing that differs."""
    if code[:2] != b"MZ":
        return code
    header = int.from_bytes(code[0x3C:0x40], "little")
    return code[: header + 8] + bytes(4) + code[header + 12 :]


def checksum(path: Path) -> str:
    """Return the SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def manifest(folder: Path, files: Sequence[Path]) -> dict[str, Any]:
    """Say what was built, from what, with what."""
    return {
        "ziglang": ZIG,
        "sources": {name: checksum(HERE / name) for name in SOURCES},
        "files": {file.as_posix(): checksum(folder / file) for file in sorted(files)},
    }


def zig() -> list[str]:
    """Return the command of the pinned compiler, or say how to get it."""
    command = [sys.executable, "-m", "ziglang"]
    done = subprocess.run([*command, "version"], capture_output=True, text=True, check=False)
    found = done.stdout.strip() or "none"
    if found != ZIG:
        raise SystemExit(f"ziglang is {found}: the recipe needs pip install ziglang=={ZIG}")
    return [*command, "cc"]


def main(arguments: Sequence[str]) -> int:
    """Build all targets into ``prebuilt``, or with ``--check`` compare with what is there."""
    if not arguments:
        made = manifest(PREBUILT, build(PREBUILT, zig()))
        MANIFEST.write_text(json.dumps(made, indent=2) + "\n", encoding="utf-8", newline="\n")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        made = manifest(Path(folder), build(Path(folder), zig()))
    known = json.loads(MANIFEST.read_text(encoding="utf-8"))
    for key in ("sources", "files"):
        for name in sorted({*made[key], *known[key]}):
            if made[key].get(name) != known[key].get(name):
                print(f"{name}: is not what the recipe gives")
    print("the same" if made == known else "not the same")
    return int(made != known)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
