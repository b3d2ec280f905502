"""Names in files of models with knobs, apart from their readers, which most files do not need."""

__all__ = ["EMBEDDED", "FILM_A2", "PARAMETRIC", "is_version"]

FILM_A2 = "ParametricWaveNet"
PARAMETRIC = ("ConcatWaveNet", "ConcatLSTM", "FiLMWaveNet", "HyperWaveNet", FILM_A2)
"""The architectures; ``read.py`` has the reader of each."""
EMBEDDED = "embedded_parametric"
"""The key of a model with knobs in the file of a plain one."""


def is_version(number: tuple[int, ...]) -> bool:
    """Whether a version is that of the dialects with versions of their own: 1.0."""
    return number[:2] == (1, 0)
