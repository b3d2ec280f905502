"""The guitar that the tests of ``namgraph verify`` play, and audio files."""

from typing import Any

import numpy as np
import soundfile

import namgraph as ng
from namgraph.cli.verify.null_test import verify
from namgraph.cli.verify.report import Report

__all__ = ["DI", "RATE", "against", "wav"]

RATE = 48_000
DI = soundfile.read(ng.asset("di.wav"), dtype="float32")[0][24_000:28_000]


def wav(name: str, samples: Any, rate: int = RATE, subtype: str = "FLOAT") -> None:
    soundfile.write(name, np.asarray(samples, np.float32), rate, subtype=subtype)


def against(reference: str = "ref.wav", **options: Any) -> Report:
    return verify("model.nam", source="in.wav", against=reference, **options)
