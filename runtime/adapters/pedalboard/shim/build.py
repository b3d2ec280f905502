"""Build the prebuilt plugin binary (Linux x86-64) with a pinned compiler, reproducibly.

    python -m pip install ziglang==0.13.0
    python -m namgraph.runtime.adapters.pedalboard.shim.build          build into prebuilt/
    python -m namgraph.runtime.adapters.pedalboard.shim.build --check  build elsewhere and compare

On other systems ``library.py`` compiles the same sources on first use.
"""

import hashlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

__all__ = ["BINARY", "HERE", "MANIFEST", "PREBUILT", "SOURCES", "ZIG", "build", "checksum", "main"]

ZIG = "0.13.0"
"""The version of ziglang that gives the committed bytes."""
HERE = Path(__file__).resolve().parent
SOURCES = ("shim.c", "factory.h", "instance.h", "vst3.h")
PREBUILT = HERE / "prebuilt"
MANIFEST = HERE / "prebuilt.json"
NAME = "namgraph"

TARGET = "x86_64-linux-gnu.2.17"
"""Zig's name of the target: x86-64 Linux with glibc 2.17 or newer."""
BINARY = f"linux/{NAME}.vst3/Contents/x86_64-linux/{NAME}.so"
"""The file built, relative to its folder: a VST3 bundle, used in place."""
FLAGS = (
    *("-std=c11", "-O2", "-g0", "-shared", "-fvisibility=hidden", "-fno-ident", "-s"),
    *("-fPIC", "-Wl,--build-id=none"),
)


def build(folder: Path, compiler: Sequence[str]) -> Path:
    """Compile the plugin to ``folder / BINARY`` with zig and return that path."""
    file = folder / BINARY
    file.parent.mkdir(parents=True, exist_ok=True)
    # Compiled in a temporary folder by relative names: no path of this machine gets into the file.
    with tempfile.TemporaryDirectory() as work:
        for source in SOURCES:
            (Path(work) / source).write_bytes((HERE / source).read_bytes())
        command = [*compiler, "-target", TARGET, *FLAGS, SOURCES[0], "-o", NAME]
        done = subprocess.run(command, cwd=work, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"{TARGET}: {done.stderr.strip()}")
        file.write_bytes((Path(work) / NAME).read_bytes())
    file.chmod(0o755)
    return file


def checksum(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def manifest(file: Path) -> dict[str, Any]:
    """Return the content of ``prebuilt.json``: compiler, checksums of sources and binary."""
    return {
        "ziglang": ZIG,
        "sources": {name: checksum(HERE / name) for name in SOURCES},
        "files": {BINARY: checksum(file)},
    }


def zig() -> list[str]:
    """Return the command of the pinned compiler; ``SystemExit`` if another version is installed."""
    command = [sys.executable, "-m", "ziglang"]
    done = subprocess.run([*command, "version"], capture_output=True, text=True, check=False)
    found = done.stdout.strip() or "none"
    if found != ZIG:
        raise SystemExit(f"ziglang is {found}: must be {ZIG}: pip install ziglang=={ZIG}")
    return [*command, "cc"]


def main(arguments: Sequence[str]) -> int:
    """Build into ``prebuilt``, or with ``--check`` compare a new build with the committed one."""
    if not arguments:
        made = manifest(build(PREBUILT, zig()))
        MANIFEST.write_text(json.dumps(made, indent=2) + "\n", encoding="utf-8", newline="\n")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        made = manifest(build(Path(folder), zig()))
    known = json.loads(MANIFEST.read_text(encoding="utf-8"))
    for key in ("sources", "files"):
        for name in sorted({*made[key], *known[key]}):
            if made[key].get(name) != known[key].get(name):
                print(f"{name}: differs from the committed one")
    print("the same" if made == known else "not the same")
    return int(made != known)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
