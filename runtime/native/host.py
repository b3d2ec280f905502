"""What this processor offers a kernel: how wide its vectors are, how many, and whether it fuses."""

import os
from functools import cache

from llvmlite import binding
from numba.core import config
from numba.core.codegen import get_host_cpu_features

from ...graph.errors import ParamError

__all__ = ["WIDTHS", "fuses", "host_lanes", "lanes_at_import", "registers"]

WIDTHS = (4, 8, 16)
"""Float32 lanes of a vector: SSE and NEON, AVX2, AVX-512."""


@cache
def _features() -> frozenset[str]:
    # Numba generates the code, so its settings (NUMBA_ENABLE_AVX and the like) decide, not cpuid.
    told = config.CPU_FEATURES
    flat = get_host_cpu_features() if told is None else told
    return frozenset(f[1:] for f in flat.split(",") if f.startswith("+"))


@cache
def _arm() -> bool:
    return str(binding.get_default_triple()).startswith(("aarch64", "arm64"))


@cache
def fuses() -> bool:
    """Say whether a multiply and an add are one instruction with one rounding."""
    return _arm() or "fma" in _features()


def host_lanes() -> int:
    """Return how many float32 a vector of this host holds; ``NAMGRAPH_LANES`` overrides it."""
    told = os.environ.get("NAMGRAPH_LANES", "").strip()
    if told:
        if told not in map(str, WIDTHS):
            raise ParamError(f"NAMGRAPH_LANES is {told!r}: must be 4, 8 or 16")
        return int(told)
    return _own_lanes()


def lanes_at_import() -> int:
    """Return ``host_lanes``, or the host's own: ``Plan`` refuses a wrong NAMGRAPH_LANES by name.

    An import should not fail: nobody could say in one line why.
    """
    try:
        return host_lanes()
    except ParamError:
        return _own_lanes()


def _own_lanes() -> int:
    if "avx512f" in _features():
        return 16
    return 8 if {"avx2", "fma"} <= _features() else 4


def registers(width: int) -> int:
    """Return how many vector registers a kernel of ``width`` lanes may count on."""
    return 32 if width == 16 or _arm() else 16
