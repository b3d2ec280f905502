"""The host processor, as Numba compiles for it: vector width, registers, fused multiply-add.

Numba's settings (``NUMBA_CPU_NAME`` and the like) decide, not only the processor.  They are read
without importing Numba, which takes longer than a whole start whose kernels are compiled already.
"""

import os
import sys
from functools import cache
from typing import Any

from llvmlite import binding

from ...graph.errors import ParamError

__all__ = ["WIDTHS", "fuses", "host_lanes", "lanes_at_import", "registers", "setting", "target"]

WIDTHS = (4, 8, 16)
"""Float32 lanes per vector: SSE and NEON, AVX2, AVX-512."""
WITHOUT_AVX = {"corei7-avx", "core-avx-i", "sandybridge", "ivybridge", "nocona"}
"""Processors that Numba uses no AVX on unless NUMBA_ENABLE_AVX is set."""
_SETTINGS_FILE = ".numba_config.yaml"


def setting(name: str) -> Any:
    """Return a setting of Numba, ``CACHE_DIR`` for instance; ``None`` if it is not set.

    Numba's own value if it is imported or has a file of settings in the current folder, else that
    of the environment variable ``NUMBA_`` and the name.
    """
    if "numba.core.config" in sys.modules or os.path.isfile(_SETTINGS_FILE):
        from numba.core import config

        return getattr(config, name, None)
    return os.environ.get(f"NUMBA_{name}") or None


def target() -> tuple[str, str, str]:
    """Return what Numba compiles for: LLVM's triple, the processor and its features."""
    cpu = str(setting("CPU_NAME") or binding.get_host_cpu_name())
    features = setting("CPU_FEATURES")
    if features is None:
        features = "" if cpu.lower() == "generic" else _host_features(_avx(cpu))
    return _triple(), cpu, str(features)


@cache
def _triple() -> str:
    return str(binding.get_process_triple())


def _avx(cpu: str) -> bool:
    chosen = setting("ENABLE_AVX")
    return cpu not in WITHOUT_AVX if chosen is None else bool(int(chosen))


@cache
def _host_features(avx: bool) -> str:
    try:
        found = binding.get_host_cpu_features()
    except RuntimeError:  # LLVM cannot tell
        return ""
    if not avx:
        found.update({name: False for name in found if name.startswith("avx")})
    return str(found.flatten())


@cache
def _features() -> frozenset[str]:
    return frozenset(f[1:] for f in target()[2].split(",") if f.startswith("+"))


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
