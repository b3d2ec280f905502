"""Random changes to .nam files: each result loads or raises ``NamFileError``."""

import json
from typing import Any

from hypothesis import given, settings, strategies as st

from namgraph.graph import NamFileError
from namgraph.nodes.nam.format.load import parse_nam

from ..features import CASES
from .bad_files import BOTH, GONE, LSTM, TALL, WAVENET, changed


def paths(value: Any, here: str = "") -> list[str]:
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    found = []
    for key, below in inner:
        path = f"{here}{key}"
        found.append(path)
        if isinstance(below, (dict, list)) and key != "weights":
            found += paths(below, f"{path}.")
    return found


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["", "Tanh", "WaveNet", "LSTM", "0.7.0", "gated", "SlimmableContainer"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["type", "model", "layers", "active"]), inner, max_size=4)
    ),
    max_leaves=8,
)


def loads(content: bytes) -> bool:
    """Return whether the content loads; no exception but ``NamFileError`` is allowed."""
    try:
        model = parse_nam(content)
    except NamFileError:
        return False
    assert model.weight_count >= 0
    assert model.multiply_adds >= 0
    assert model.prewarm >= 0
    assert model.select(0.0).network is not None
    return True


@settings(max_examples=400)
@given(data=st.data())
def test_almost_right_files(data: st.DataObject) -> None:
    model = data.draw(st.sampled_from([WAVENET, TALL, LSTM, BOTH, *CASES.values()]))
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(paths(model)))
        value = data.draw(st.just(GONE) | anything)
        try:
            model = changed(model, path, value)
        except (KeyError, IndexError, TypeError):
            continue
    loads(json.dumps(model).encode())


@settings(max_examples=200)
@given(data=st.data())
def test_damaged_files(data: st.DataObject) -> None:
    content = bytearray(json.dumps(data.draw(st.sampled_from([WAVENET, LSTM, BOTH]))).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content)))
        content[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    loads(bytes(content))


@given(st.binary(max_size=200))
def test_any_bytes(content: bytes) -> None:
    assert not loads(content)
