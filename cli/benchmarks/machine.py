"""Describe the machine that figures were measured on."""

import platform
from pathlib import Path
from typing import Any

import llvmlite
import numba
import numpy as np

from ...runtime.native.host import host_lanes

__all__ = ["format_machine", "machine"]


def machine() -> dict[str, Any]:
    """Return processor, SIMD lanes, system and versions that figures depend on."""
    return {
        "processor": _processor(),
        "lanes": host_lanes(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "numba": numba.__version__,
        "llvmlite": llvmlite.__version__,
        "numpy": np.__version__,
    }


def format_machine(found: dict[str, Any]) -> str:
    """Return the values of ``machine`` as one line."""
    return (
        f"{found['processor']}, {found['lanes']} lanes, {found['system']}, "
        f"Python {found['python']}, Numba {found['numba']}"
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(s.split(":", 1)[1].strip() for s in lines if s.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
