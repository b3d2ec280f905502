"""Read activations, gating modes, FiLMs and the layer1x1 of a layer array."""

from typing import Any

from ....graph.errors import ActivationError
from ..model.networks import Activation
from .checked_json import Fields, as_number, fault, format_json

__all__ = ["FINITE", "read_activation", "read_film", "read_gating", "read_layer1x1"]

FINITE = 3.4e38
MAX_SLOPES = 4096

PLAIN = {
    "Tanh": "tanh",
    "Fasttanh": "fasttanh",
    "Hardtanh": "hardtanh",  # NAM Core ignores its bounds
    "ReLU": "relu",
    "Sigmoid": "sigmoid",
    "SiLU": "silu",
    "Hardswish": "hardswish",
    "Softsign": "softsign",
}
SLOPED = {"LeakyReLU", "PReLU"}
BENT = {"LeakyHardtanh", "LeakyHardTanh"}
BENT_DEFAULTS = {"min_val": -1.0, "max_val": 1.0, "min_slope": 0.01, "max_slope": 0.01}
KNOWN = (*PLAIN, *sorted(SLOPED), "LeakyHardtanh")
GATINGS = ("none", "gated", "blended")


def read_activation(value: Any, path: str) -> Activation:
    """Read an activation: a name, or an object with a type and parameters."""
    row = Fields({"type": value} if isinstance(value, str) else value, path)
    name = row.text("type")
    if name in PLAIN:
        return Activation(PLAIN[name])
    if name in SLOPED:
        if name == "PReLU" and not row.has("negative_slope") and row.has("negative_slopes"):
            slopes = row.items("negative_slopes", MAX_SLOPES)
            return Activation(
                "leaky", (tuple(as_number(v, p, -FINITE, FINITE) for v, p in slopes),)
            )
        return Activation("leaky", ((row.number("negative_slope", -FINITE, FINITE, 0.01),),))
    if name in BENT:
        numbers = {k: row.number(k, -FINITE, FINITE, v) for k, v in BENT_DEFAULTS.items()}
        return Activation("leaky_hardtanh", tuple((v,) for v in numbers.values()))
    raise ActivationError(
        f"{path} is {format_json(name)}: must be one of {', '.join(KNOWN)}",
        activation=name,
        supported=KNOWN,
    )


def read_gating(value: Any, path: str) -> str:
    """Read a gating mode."""
    if value not in GATINGS:
        raise fault(path, value, "none, gated or blended")
    return str(value)


def read_film(row: Fields, key: str, most: int) -> tuple[bool, int] | None:
    """Read a FiLM: whether it shifts, and its groups; ``None`` if it is not active."""
    if row.raw(key, False) is False:
        return None
    film = row.fields(key)
    active, shift = film.flag("active", True), film.flag("shift", True)
    groups = film.integer("groups", 1, most, 1)
    return (shift, groups) if active else None


def read_layer1x1(row: Fields, most: int) -> int | None:
    """Read the groups of layer1x1; ``None`` if it is not active."""
    if not row.names("layer1x1"):
        return 1
    inner = row.fields("layer1x1")
    active, groups = inner.flag("active"), inner.integer("groups", 1, most)
    return groups if active else None
