"""Golden files: every row of the feature table against the oracle's and the trainer's output."""

import functools
import json

import numpy as np
import pytest

from namgraph.nodes.testing import same_bits

from . import oracle
from .features import CASES, REQUIRED, features
from .golden import AGREE, DIVERGE, FRAMES, SLIMS, Golden, read
from .playing import Playing, parse

LSTM = 2e-5
"""Largest error as a share of the peak; LSTMs amplify rounding."""
read = functools.cache(read)


def label(golden: Golden) -> str:
    return f"{golden.name} at {golden.slim:g}"


def play(golden: Golden, cut: int = 64) -> np.ndarray:
    model = parse(golden.file).select(golden.slim)
    return np.atleast_2d(Playing(model, primed=True)(golden.input, cut))


def tolerance(golden: Golden) -> float:
    return LSTM if "LSTM" in json.dumps(golden.file) else AGREE


@pytest.mark.parametrize("golden", read(), ids=label)
def test_golden(golden: Golden) -> None:
    found = play(golden)
    for wanted in (golden.oracle, golden.torch):
        if wanted is not None:
            peak = abs(wanted).max()
            assert peak > 1e-3
            assert found.shape == wanted.shape == (len(wanted), FRAMES)
            assert abs(found - wanted).max() <= tolerance(golden) * peak
    same_bits(play(golden, 1), found)
    same_bits(play(golden, 17), found)


def test_every_row_of_the_feature_table_is_covered() -> None:
    found = set[str]()
    for golden in read():
        found |= features(golden.file)
    assert not REQUIRED - found


def test_a_missing_row_is_detected() -> None:
    """Without the cases of a row, the row is reported as missing."""
    for row in REQUIRED:
        rest = [golden.file for golden in read() if row not in features(golden.file)]
        assert len(rest) < len(read())
        assert row not in set[str]().union(*map(features, rest))


def test_the_files_hold_every_case() -> None:
    held = {(golden.name, golden.slim) for golden in read()}
    assert held == {(n, slim) for n in CASES for slim in (*SLIMS.get(n, ()), 1.0)}
    for golden in read():
        assert features(golden.file) == features(CASES[golden.name])
        np.testing.assert_array_equal(
            np.float32(golden.file["weights"]), np.float32(CASES[golden.name]["weights"])
        )


def test_most_cases_have_output_of_the_trainer() -> None:
    heard = {golden.name for golden in read() if golden.torch is not None}
    assert len(heard) > 50
    assert not heard & set(DIVERGE)


def test_cases_have_different_output() -> None:
    """No two cases have the same output, but for features that change no sound."""
    outs = {golden.name: golden.oracle.tobytes() for golden in read() if golden.slim == 1.0}
    silent = {name for name in outs if name.startswith("version") or name == "no sample rate"}
    silent |= {"activation LeakyHardTanh", "container", "slimmable", "slimmable gated"}
    silent |= {"activation PReLU"}  # as a name: the slope of LeakyReLU
    heard = [out for name, out in outs.items() if name not in silent]
    assert len(set(heard)) == len(heard)


@pytest.mark.parametrize(
    ("name", "place"),
    [("gated", 0), ("head1x1_post_film shift", 0), ("condition LSTM", 0), ("LSTM 2", -1)],
)
def test_the_check_can_fail(name: str, place: int) -> None:
    """An error of 0.1 % in one weight is detected."""
    golden = next(g for g in read() if g.name == name)
    wrong = list(golden.file["weights"])
    wrong[place] += 1e-3
    off = oracle.play(golden.file | {"weights": wrong}, golden.input)
    assert abs(off - oracle.play(golden.file, golden.input)).max() > 1e-4 * abs(off).max()
    found = play(
        Golden(name, golden.file | {"weights": wrong}, 1.0, golden.input, golden.oracle, None)
    )
    peak = abs(golden.oracle).max()
    assert abs(found - golden.oracle).max() > tolerance(golden) * peak
