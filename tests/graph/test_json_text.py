"""JSON parser: errors name the path of an invalid number."""

from typing import Any

import pytest

from namgraph.graph import FileError
from namgraph.graph.json_text import parse_json


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("NaN", "the file is NaN"),
        ("[1, -Infinity]", "[1] is -Infinity"),
        ('{"a": {"b": [[], [0, NaN]]}}', "a.b[1][1] is NaN"),
        ('{"weights": [0, 1, 2, NaN, NaN]}', "weights[3] is NaN"),
        ('{"b": NaN, "a": Infinity}', "b is NaN"),
        ('{"deep": ' + "[" * 500 + "NaN" + "]" * 500 + "}", "deep" + "[0]" * 500 + " is NaN"),
    ],
)
def test_the_first_constant_is_named(text: str, said: str) -> None:
    with pytest.raises(FileError) as caught:
        parse_json(text, FileError)
    assert str(caught.value) == f"{said}: must be a number JSON has"


def test_constants_that_nobody_needs_become_none() -> None:
    text = '{"a": {"x": NaN, "y": [1, Infinity]}, "b": NaN}'
    seen = list[str]()

    def lenient(path: str) -> bool:
        seen.append(path)
        return True

    found: Any = parse_json(text, FileError, lenient=lenient)
    assert found == {"a": {"x": None, "y": [1, None]}, "b": None}
    assert seen == ["a.x", "a.y[1]", "b"]
    with pytest.raises(FileError, match=r"^b is NaN"):
        parse_json(text, FileError, lenient=lambda path: path.startswith("a."))


def test_numbers_and_words_stay() -> None:
    text = '{"NaN": "NaN", "n": [1e999, 0.5, true, null]}'
    assert parse_json(text, FileError) == {"NaN": "NaN", "n": [float("inf"), 0.5, True, None]}
