"""Whatever is passed to the public API by mistake is refused by name, or taken; nothing else."""

import functools
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

import namgraph as ng
from namgraph.graph.arguments import format_value

from . import wrong_edits  # noqa: F401  (adds calls)
from .wrong_arguments import SPECIAL, values
from .wrong_values import CALLS, Call

EACH = [(call, name) for call in CALLS for name in call.arguments]
SWEEP = settings(
    max_examples=30,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


@functools.cache
def wrong_values() -> tuple[Any, ...]:
    """Return all chosen values, and others drawn once: every argument gets the same ones."""
    found = list(SPECIAL)

    @SWEEP
    @given(values())
    def note(value: Any) -> None:
        found.append(value)

    note()
    return tuple(found)


def refusal(call: Call, name: str, value: Any) -> str:
    """Return what is wrong with a call's answer to a value, or nothing."""
    if name in ("progress", "report") and callable(value):
        return ""  # what it raises when it is called is its own affair
    try:
        made = call(**{name: value})
    except ng.FileError as error:  # of a path that could be one, and leads nowhere
        return "" if str(error).count("\n") == 0 else f"has several lines: {error}"
    except (ng.NamgraphError, TypeError) as error:
        said = str(error)
        words = (name, *call.aliases.get(name, ()))
        if "\n" in said or len(said) > 1_000:
            return f"is no line that one can read: {said[:2_000]}"
        return "" if any(word in said for word in words) else f"does not name {name}: {said}"
    except Exception as error:
        return f"raises {type(error).__name__}: {error}"
    getattr(made, "close", lambda: None)()
    return ""


@pytest.mark.parametrize(("call", "name"), EACH, ids=[f"{c.name}-{n}" for c, n in EACH])
def test_a_wrong_argument_is_named(
    call: Call, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for value in wrong_values():
        wrong = refusal(call, name, value)
        assert not wrong, f"{call.name}({name}={format_value(value)}) {wrong}"


def test_the_values_are_many_and_of_every_type() -> None:
    assert len(wrong_values()) >= 80
    wanted = {type(None), bool, int, float, str, bytes, list, tuple, dict}
    assert wanted <= {type(value) for value in wrong_values()}


def test_the_sweep_finds_what_it_looks_for() -> None:
    """Functions that answer wrongly: a raw error, no name, many lines, and one that is right."""

    def raw(size: Any) -> Any:
        return [0, 1][size]

    def nameless(size: Any) -> Any:
        raise ng.ParamError("that is wrong")

    def long(size: Any) -> Any:
        raise ng.ParamError(f"size is {'x' * 2_000}")

    def right(size: Any) -> Any:
        raise ng.ParamError(f"size is {size!r}: must be 3")

    found = [refusal(Call("f", f, {}, {}), "size", 7) for f in (raw, nameless, long, right)]
    starts = ["raises IndexError", "does not name size", "is no line", ""]
    assert all(one.startswith(start) for one, start in zip(found, starts, strict=True))
    assert found[-1] == ""
