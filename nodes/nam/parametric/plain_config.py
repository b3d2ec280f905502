"""The config of the WaveNet within a model with knobs; what dialects leave out is filled in."""

from typing import Any

from ....graph.errors import UnsupportedFeatureError
from ..format.checked_json import Fields, fault
from ..format.wavenet import MAX_ARRAYS

__all__ = ["derived", "no_condition_dsp"]


def no_condition_dsp(config: Fields) -> None:
    """Refuse a condition DSP: the dialects define none."""
    if config.has("condition_dsp"):
        raise UnsupportedFeatureError(
            f"{config.at('condition_dsp')}: a model with knobs has none: must be absent"
        )


def derived(config: Fields, inputs: int, checked: dict[str, int] | None = None) -> Fields:
    """Return a config whose WaveNet has these inputs, which are its condition, too.

    Sizes that the file gives must be those, and so must those of ``checked`` in each layer array.
    """
    if config.has("in_channels") and config.integer("in_channels", 1, 1 << 30) != inputs:
        raise fault(config.at("in_channels"), config.raw("in_channels"), str(inputs))
    layers: list[Any] = []
    for number, (value, path) in enumerate(config.items("layers", MAX_ARRAYS)):
        row = Fields(value, path)
        for key in ("packing", "slimmable"):
            if row.has(key):
                raise UnsupportedFeatureError(f"{row.at(key)}: must be null in a model with knobs")
        wanted = {"condition_size": inputs, **(checked or {})}
        if number == 0:
            wanted["input_size"] = inputs
        for key, size in wanted.items():
            if row.has(key) and row.integer(key, 1, 1 << 30) != size:
                raise fault(row.at(key), row.raw(key), f"{size}, which follows from the knobs")
        layers.append({**value, **{k: v for k, v in wanted.items() if k not in (checked or {})}})
    values: dict[str, Any] = {**config.values, "in_channels": inputs, "layers": layers}
    return Fields(values, config.path)
