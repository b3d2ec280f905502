"""The knobs in a file: names, ranges, defaults, switches.

Facts by the sources of the forks: ``params`` is a list of ``name``, ``min``, ``max``, ``default``
and ``type``, "continuous" or "switch", whose values are the numbers of its ``enum_names``.
"""

import re
from typing import Any

from ....graph.errors import ConfigTooLargeError, FieldValueError
from ..format.activation import FINITE
from ..format.checked_json import Fields, fault, format_json
from ..model.knob import Knob

__all__ = ["MAX_KNOBS", "RESERVED", "read_params", "read_ranges"]

MAX_KNOBS = 32
MAX_CHOICES = 32
MAX_NAME = 64
KINDS = ("continuous", "switch")
RESERVED = frozenset(
    (
        "argument_hint",
        "backend",
        "calibrate_input",
        "category",
        "check_knobs",
        "checked",
        "contents",
        "count",
        "curve",
        "default_ports",
        "description",
        "device",
        "device_refusal",
        "display_name",
        "encoded",
        "example",
        "field_values",
        "files",
        "fold_count",
        "folds",
        "frame",
        "function_count",
        "functions",
        "generates",
        "identity",
        "input_before",
        "input_db",
        "input_db_coefficient",
        "input_db_now",
        "input_level_db",
        "input_level_dbu",
        "inputs",
        "interface_dbu",
        "jump_ratio",
        "kernel",
        "knob_defaults",
        "knob_inputs",
        "knob_params",
        "knob_values",
        "knobs",
        "latency",
        "levels",
        "levels_applied",
        "model",
        "multichannel",
        "network",
        "notice",
        "on_cpu",
        "options",
        "output_before",
        "output_db",
        "output_db_coefficient",
        "output_db_now",
        "output_level_db",
        "output_level_dbu",
        "outputs",
        "oversample",
        "own_channels",
        "own_rate",
        "params",
        "path",
        "precision",
        "prepare",
        "prewarm",
        "quality",
        "receptive_field",
        "reports",
        "required",
        "resample",
        "resolved",
        "resolved_right",
        "right",
        "room",
        "scaled",
        "sides",
        "sizes",
        "slim",
        "slim_high",
        "slim_low",
        "stereo",
        "tail",
        "type_name",
        "version",
        "warms_up",
        "with_params",
    )
)
"""Names that a node and its record have already."""


def read_params(config: Fields) -> tuple[Knob, ...]:
    """Return the knobs in ``params``; ``NamFileError`` if one is wrong."""
    made: list[Knob] = []
    for value, path in config.items("params", MAX_KNOBS):
        row = Fields(value, path)
        kind = row.text("type") if row.has("type") else KINDS[0]
        if kind not in KINDS:
            raise fault(row.at("type"), kind, " or ".join(KINDS))
        low, high, default = _range(row)
        choices: tuple[str, ...] = ()
        if kind == "switch":
            choices = _choices(row)
            last = len(choices) - 1
            if (low, high) != (0.0, last):
                raise fault(row.at("max"), row.raw("max"), f"{last}, with 0 as min, in a switch")
            if default != int(default):
                raise fault(row.at("default"), default, "the number of one of enum_names")
        elif row.has("enum_names") and row.raw("enum_names") != []:
            raise fault(row.at("enum_names"), row.raw("enum_names"), "null unless a switch")
        name, label = _name(row, made)
        step = 1.0 if choices else 0.0
        made.append(Knob(name, low, high, default, label, not choices, choices, step))
    return tuple(made)


def read_ranges(rows: Fields) -> tuple[Knob, ...]:
    """Return the knobs in ``parameters`` of a .param.nam: the network gets values as they are."""
    made: list[Knob] = []
    for value, path in rows.items("parameters", MAX_KNOBS):
        row = Fields(value, path)
        low, high, default = _range(row)
        steps = row.integer("steps", 0, 1024, 0) if row.has("steps") else 0
        step = (high - low) / (steps - 1) if steps > 1 else 0.0
        name, label = _name(row, made)
        made.append(Knob(name, low, high, default, label, step=step))
    return tuple(made)


def _range(row: Fields) -> tuple[float, float, float]:
    low, high = (row.number(key, -FINITE, FINITE) for key in ("min", "max"))
    if low >= high:
        raise fault(row.at("max"), row.raw("max"), f"above min, {low:g}")
    default = row.number("default", -FINITE, FINITE)
    if not low <= default <= high:
        raise fault(row.at("default"), row.raw("default"), f"in [{low:g}, {high:g}]")
    return low, high, default


def _choices(row: Fields) -> tuple[str, ...]:
    found: list[str] = []
    for value, path in row.items("enum_names", MAX_CHOICES):
        if not isinstance(value, str) or not value or value in found:
            raise fault(path, value, "a text that no other of the list has")
        if len(value) > MAX_NAME:
            raise _too_long(path, value)
        found.append(value)
    if len(found) < 2:
        raise fault(row.at("enum_names"), found, "a list of at least 2 in a switch")
    return tuple(found)


def _name(row: Fields, before: list[Knob]) -> tuple[str, str]:
    """Return a name that a parameter may have, and the name in the file if it differs."""
    path, given = row.at("name"), row.text("name")
    if not given.strip():
        raise fault(path, given, "a name")
    if len(given) > MAX_NAME:
        raise _too_long(path, given)
    if given in [knob.label or knob.name for knob in before]:
        message = f"{path} is {format_json(given)}: must differ from the knobs before"
        raise FieldValueError(message, field=path, allowed="different from the knobs before")
    name = re.sub("[^a-z0-9]+", "_", given.lower()).strip("_") or "knob"
    if not name[0].isalpha():
        name = f"knob_{name}"
    if name in RESERVED or name.endswith("_now"):
        name = f"{name}_knob"
    taken, number, first = {knob.name for knob in before}, 2, name
    while name in taken:
        name, number = f"{first}_{number}", number + 1
    return name, "" if name == given else given


def _too_long(path: str, value: Any) -> ConfigTooLargeError:
    message = f"{path} has {len(value)} characters: at most {MAX_NAME}"
    return ConfigTooLargeError(message, what=path, found=len(value), limit=MAX_NAME)
