"""The host processor's vector width, number of vector registers, and fused multiply-add."""

import os
from functools import cache

from llvmlite import binding
from numba.core import config
from numba.core.codegen import get_host_cpu_features

from ...graph.errors import ParamError

__all__ = ["WIDTHS", "fuses", "host_lanes", "lanes_at_import", "registers"]

WIDTHS = (4, 8, 16)
"""Float32 lanes per vector: SSE and NEON, AVX2, AVX-512."""


@cache
def _features() -> frozenset[str]:
    # Numba generates the code, so its settings (NUMBA_ENABLE_AVX and the like) decide, not cpuid.
    flat = config.CPU_FEATURES
    if flat is None:
        flat = get_host_cpu_features()
    return frozenset(f[1:] for f in flat.split(",") if f.startswith("+"))


@cache
def _arm() -> bool:
    return str(binding.get_default_triple()).startswith(("aarch64", "arm64"))


@cache
def fuses() -> bool:
    """Return whether multiply-add is one instruction with one rounding."""
    return _arm() or "fma" in _features()


def host_lanes() -> int:
    """Return the float32 lanes per vector of this host; ``NAMGRAPH_LANES`` overrides it.

    Raises ``ParamError`` if ``NAMGRAPH_LANES`` is not 4, 8 or 16.
    """
    override = os.environ.get("NAMGRAPH_LANES", "").strip()
    if override:
        if override not in map(str, WIDTHS):
            raise ParamError(f"NAMGRAPH_LANES is {override!r}: must be 4, 8 or 16")
        return int(override)
    return _own_lanes()


def lanes_at_import() -> int:
    """Return ``host_lanes``, or the host's own number where NAMGRAPH_LANES is wrong.

    An import must not fail; ``Plan`` raises the error.
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
    """Return the number of vector registers for vectors of ``width`` lanes."""
    return 32 if width == 16 or _arm() else 16
