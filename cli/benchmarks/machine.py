"""Describe the machine that figures were measured on."""

import platform
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import llvmlite
import numba
import numpy as np

from ...graph.version import VERSION
from ...runtime.native.cpu import processors
from ...runtime.native.host import fuses, host_lanes

__all__ = ["format_machine", "machine"]

CACHES = Path("/sys/devices/system/cpu/cpu0/cache")


def machine() -> dict[str, Any]:
    """Return processor, caches, SIMD lanes, system and versions that figures depend on."""
    return {
        "processor": _processor(),
        "cores": processors(),
        "caches": dict(_caches()),
        "lanes": host_lanes(),
        "fused_multiply_add": fuses(),
        "system": f"{platform.system()} {platform.machine()}",
        "kernel": platform.release(),
        "python": platform.python_version(),
        "namgraph": VERSION,
        "numba": numba.__version__,
        "llvmlite": llvmlite.__version__,
        "numpy": np.__version__,
    }


def format_machine(found: dict[str, Any]) -> str:
    """Return the values of ``machine`` as one line."""
    caches = ", ".join(f"{name} {size}" for name, size in found["caches"].items())
    cores = f"{found['cores']} core{'s' * (found['cores'] != 1)}"
    return (
        f"{found['processor']}, {cores}{f' ({caches})' if caches else ''}, {found['lanes']} lanes, "
        f"{found['system']}, Python {found['python']}, Numba {found['numba']}, "
        f"llvmlite {found['llvmlite']}, NumPy {found['numpy']}, namgraph {found['namgraph']}"
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(s.split(":", 1)[1].strip() for s in lines if s.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def _caches() -> Iterator[tuple[str, str]]:
    """Yield name and size of each cache of the first core, where the system tells them."""
    for folder in sorted(CACHES.glob("index*")):
        try:
            level, kind, size = (
                (folder / name).read_text(encoding="ascii").strip()
                for name in ("level", "type", "size")
            )
        except OSError:
            continue
        yield f"L{level}{'' if kind == 'Unified' else kind[0].lower()}", size
