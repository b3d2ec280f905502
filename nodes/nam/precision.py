"""Option ``precision`` of ``Nam`` and ``NamBank``: its values, and the models that "fast" runs.

Control threads.
"""

import dataclasses
from typing import Any, TypeVar

from .model.model import Model
from .model.networks import Activation
from .model.wavenet import Network

__all__ = ["FAST", "PRECISIONS", "fast_network", "model_for", "network_for"]

PRECISIONS = ("exact", "fast", "tf32x3", "tf32")
FAST = {"tanh": "tanh22", "sigmoid": "sigmoid22"}
"""By the name of an activation the cheaper one."""

T = TypeVar("T")


def model_for(model: Model, precision: str) -> Model:
    """Return a model, with all of its sizes, as the CPU runs it with this precision."""
    if precision != "fast":
        return model
    if model.submodels:
        rows = [(size, model_for(size.model, precision)) for size in model.submodels]
        sizes = tuple(dataclasses.replace(size, model=made) for size, made in rows)
        return dataclasses.replace(model, submodels=sizes)
    return dataclasses.replace(model, network=fast_network(model.network))


def network_for(network: Network, precision: str) -> Network:
    """Return a network as the CPU runs it with this precision."""
    return fast_network(network) if precision == "fast" else network


def fast_network(network: T) -> T:
    """Return a network, or a part of one, with the cheaper activations of ``FAST``.

    One without such activations is returned itself: an LSTM or a GRU, whose gates are part of its
    kernel, and a network of the second generation (LeakyReLU).  SiLUs stay exact: the error of
    one would grow with the signal.
    """
    changed: Any = _changed(network)
    return network if changed is None else changed


def _changed(part: Any) -> Any:
    """Return a copy of a part of a network with other activations; ``None`` if it has none."""
    if isinstance(part, Activation):
        name = FAST.get(part.name)
        return None if name is None else dataclasses.replace(part, name=name)
    if isinstance(part, tuple):
        made = [_changed(each) for each in part]
        if all(each is None for each in made):
            return None
        return tuple(old if new is None else new for old, new in zip(part, made, strict=True))
    if not dataclasses.is_dataclass(part) or isinstance(part, type):
        return None
    fields = {f.name: _changed(getattr(part, f.name)) for f in dataclasses.fields(part)}
    fields = {name: value for name, value in fields.items() if value is not None}
    return dataclasses.replace(part, **fields) if fields else None
