"""What a .nam file says of itself, with types: ``About``, a base class of ``Model``."""

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

__all__ = ["About"]

DATE = ("year", "month", "day", "hour", "minute", "second")
CAB = frozenset({"cab", "ir", "rig"})
"""Words of ``gear_type`` that name a cabinet: "amp_cab", TONE3000's "full-rig"."""
NO_CAB = frozenset({"amp", "preamp", "pedal", "pedal_amp", "outboard", "space"})
"""Whole values of ``gear_type`` of gear without a cabinet."""


class About:
    """Properties from the metadata of a file: ``None`` where it is missing or of another type.

    ``metadata`` itself has all that the file has, unknown keys too.
    """

    metadata: Mapping[str, Any]

    @property
    def name(self) -> str | None:
        """The name of the model."""
        return self._text("name")

    @property
    def modeled_by(self) -> str | None:
        """Who made the model."""
        return self._text("modeled_by")

    @property
    def gear_type(self) -> str | None:
        """What was captured, free text.

        The trainer writes "amp", "pedal", "pedal_amp", "amp_cab", "amp_pedal_cab", "preamp" or
        "studio".
        """
        return self._text("gear_type")

    @property
    def gear_make(self) -> str | None:
        """The maker of the gear."""
        return self._text("gear_make")

    @property
    def gear_model(self) -> str | None:
        """The model of the gear."""
        return self._text("gear_model")

    @property
    def tone_type(self) -> str | None:
        """Free text; the trainer writes "clean", "overdrive", "crunch", "hi_gain" or "fuzz"."""
        return self._text("tone_type")

    @property
    def trainer(self) -> str | None:
        """The program or the site that trained the model, such as "TONE3000"."""
        return self._text("trainer")

    @property
    def includes_cab(self) -> bool | None:
        """Whether a cabinet was captured too, so that none is needed after the model.

        From ``gear_type``, in upper or lower case, with ``-`` or ``_``: ``True`` if one of its
        words is a cabinet ("amp_cab", "full-rig"), ``False`` for known gear without one.  ``None``
        if it is missing or does not tell ("studio").
        """
        if self.gear_type is None:
            return None
        kind = self.gear_type.strip().lower().replace("-", "_").replace(" ", "_")
        if CAB.intersection(kind.split("_")):
            return True
        return False if kind in NO_CAB else None

    @property
    def date(self) -> datetime | None:
        """When the file was written: the local time of the trainer, without a time zone."""
        found = self.metadata.get("date")
        parts = [found.get(key, 0) for key in DATE] if isinstance(found, Mapping) else []
        if not parts or not all(type(part) is int for part in parts):
            return None
        try:
            return datetime(*parts)
        except (OverflowError, ValueError):  # the month 13
            return None

    @property
    def gain(self) -> float | None:
        """How much the model distorts, by the trainer's measure, from 0 to 1; no unit."""
        return self._number(self.metadata, "gain")

    @property
    def loudness(self) -> float | None:
        """RMS level in dB of the trainer's clip through the model."""
        return self._number(self.metadata, "loudness")

    @property
    def input_level_dbu(self) -> float | None:
        """Level in dBu of a sine that is full scale at the input."""
        return self._number(self.metadata, "input_level_dbu")

    @property
    def output_level_dbu(self) -> float | None:
        """Level in dBu of a sine that is full scale at the output."""
        return self._number(self.metadata, "output_level_dbu")

    @property
    def validation_esr(self) -> float | None:
        """Error-to-signal ratio of the trained model, energies: 0 is exact, 0.01 is -20 dB."""
        training = self.metadata.get("training")
        inner = self._number(training, "validation_esr") if isinstance(training, Mapping) else None
        return self._number(self.metadata, "validation_esr") if inner is None else inner

    def _text(self, key: str) -> str | None:
        value = self.metadata.get(key)
        return value if isinstance(value, str) else None

    @staticmethod
    def _number(values: Mapping[str, Any], key: str) -> float | None:
        value: Any = values.get(key)
        if type(value) not in (int, float):
            return None
        try:
            number = float(value)
        except OverflowError:  # an integer beyond float64
            return None
        return number if math.isfinite(number) else None
