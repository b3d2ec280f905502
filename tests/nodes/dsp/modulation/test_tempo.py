"""Note values: beats of each, and what is refused."""

import pytest

from namgraph.graph import ParamError
from namgraph.nodes.dsp.modulation.tempo import parse_beats


@pytest.mark.parametrize(
    ("sync", "beats"),
    [
        ("", 0.0),
        ("1/4", 1.0),
        ("1/8.", 0.75),
        ("1/8t", 1 / 3),
        ("1/1", 4.0),
        ("2/1", 8.0),
        ("3/16", 0.75),
        ("1/64", 1 / 16),
        ("1/2.", 3.0),
    ],
)
def test_beats(sync: str, beats: float) -> None:
    assert parse_beats(sync) == pytest.approx(beats, rel=1e-15)


@pytest.mark.parametrize(
    "sync", ["1/5", "0/4", "1/4x", "1 / 4", "1/8..", "quarter", "1/4\n", "٣/4", "100/4", "/4", " "]
)
def test_other_text_is_refused(sync: str) -> None:
    with pytest.raises(ParamError, match=r'^sync is .*: must be "" \(off\) or a note value') as e:
        parse_beats(sync)
    assert "\n" not in str(e.value)


@pytest.mark.parametrize("sync", [None, 4, 0.25, b"1/4", ["1/4"], False])
def test_what_is_no_text_is_refused(sync: object) -> None:
    with pytest.raises(ParamError, match=r"^division is"):
        parse_beats(sync, "division")
