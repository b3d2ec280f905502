"""Node classes defined again: by a notebook cell that runs twice, or a reloaded module."""

import copy
import importlib
import pickle
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import namgraph as ng
from namgraph.graph import DuplicateNameError, Node, UnknownNameError, node_type
from namgraph.graph.catalog.registry import classes, registered
from namgraph.graph.node import node
from namgraph.runtime import Engine

SOURCE = """
import numpy as np
import namgraph as ng

STATE = np.dtype([("sum", np.float64), ("first", np.float64){fields}])


@ng.kernel
def _count(state, ins, outs, frames):
    s = ng.record(state, STATE)
    for i in range(frames):
        s.sum += {step}
        ng.channel(outs, 0, frames)[i] = s.sum + s.first


@ng.node("redefined_count")
class Count(ng.Node):
    knob: float = ng.param(default=0.0, low=0.0, high=1.0)
    {more}

    def prepare(self, io):
        return ng.Processor(_count, io.memory.record(STATE, **io.params, first={first}))
"""


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    before = registered()
    yield
    classes.clear()
    classes.update(before)


def text(step: str = "1.0", *, first: str = "0.0", fields: str = "", more: str = "") -> str:
    fields = ', ("knob", np.float64)' + fields
    return SOURCE.format(step=step, first=first, fields=fields, more=more)


class Session:
    """A notebook: cells run in the module ``__main__``."""

    def __init__(self) -> None:
        self.module = types.ModuleType("__main__")
        self.cells = 0

    def run(self, cell: str) -> Any:
        self.cells += 1
        file = f"<ipython-input-{self.cells}-ab>"
        exec(compile(cell, file, "exec"), self.module.__dict__)
        return self.module.__dict__["Count"]


def rack(made: Node) -> ng.Graph:
    graph = ng.Graph()
    source = graph.input("in", channels=1)
    source >> graph.add("count", made) >> graph.output("out", channels=1)
    return graph


def engine_of(made: Node) -> Engine:
    return Engine(rack(made), sample_rate=48_000, max_frames=4, fade_s=0.0)


def played(engine: Engine) -> list[float]:
    y = np.zeros(4, np.float32)
    engine.play([np.zeros(4, np.float32)], [y], 4, 4)
    return [float(v) for v in y]


def test_a_cell_run_again_replaces_the_class_but_not_in_a_playing_engine() -> None:
    session = Session()
    old = session.run(text("1.0"))
    engine = engine_of(old())
    assert played(engine) == [1, 2, 3, 4]
    new = session.run(text("10.0"))
    assert node_type("redefined_count") is new is not old
    assert played(engine) == [5, 6, 7, 8]
    assert played(engine_of(new())) == [10, 20, 30, 40]


def test_the_cell_run_again_unchanged_gives_the_same_sound() -> None:
    session = Session()
    for _ in range(3):
        assert played(engine_of(session.run(text())())) == [1, 2, 3, 4]


def test_another_class_of_the_name_is_still_refused() -> None:
    session = Session()
    session.run(text())
    with pytest.raises(DuplicateNameError, match=r"is already __main__\.Count: choose another"):
        session.run(text().replace("class Count", "class Other"))
    with pytest.raises(DuplicateNameError, match=r"is already __main__\.Count"):
        exec(text(), {"__name__": "another_module"})
    assert node_type("redefined_count") is session.module.__dict__["Count"]


def test_a_module_reloaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # the file changes within a second
    file = tmp_path / "redefined_mine.py"
    file.write_text(text("1.0"))
    mine = importlib.import_module("redefined_mine")
    assert played(engine_of(mine.Count())) == [1, 2, 3, 4]
    file.write_text(text("2.0"))
    importlib.invalidate_caches()
    mine = importlib.reload(mine)
    assert played(engine_of(mine.Count())) == [2, 4, 6, 8]
    del sys.modules["redefined_mine"]


@pytest.mark.parametrize("again", ["copy", "deepcopy", "pickle", "preset"])
def test_copies_pickles_and_presets_are_of_the_newer_class(tmp_path: Path, again: str) -> None:
    session = Session()
    old = session.run(text("1.0"))(knob=0.5)
    new = session.run(text("10.0"))
    sys.modules["__main__"].__dict__["Count"] = new
    try:
        if again == "copy":
            made = copy.copy(old)
        elif again == "deepcopy":
            made = copy.deepcopy(rack(old)).nodes["count"]
        elif again == "pickle":
            made = pickle.loads(pickle.dumps(rack(old))).nodes["count"]
        else:
            ng.save_preset(rack(old), tmp_path / "rack.json")
            made = ng.load_preset(tmp_path / "rack.json").nodes["count"]
    finally:
        del sys.modules["__main__"].__dict__["Count"]
    assert type(made) is new
    assert made.knob == 0.5
    assert played(engine_of(made)) == [10, 20, 30, 40]


def test_a_copy_is_checked_by_the_newer_class() -> None:
    session = Session()
    old = session.run(text())(knob=1.0)
    session.run(text().replace("high=1.0", "high=0.5"))
    with pytest.raises(ng.ParamError, match=r"knob is 1\.0"):
        copy.copy(old)
    more = "amount: int = ng.option(default=3)"
    made = copy.copy(session.run(text(more=more))(amount=4))
    assert (made.amount, type(made)) == (4, session.module.__dict__["Count"])
    session.run(text())
    with pytest.raises(UnknownNameError, match=r"was defined anew .*: amount differs; make the"):
        copy.copy(made)


# --- swaps


def swapped(engine: Engine, made: Node) -> list[float]:
    engine.swap(rack(made))
    played(engine)
    return played(engine)


def test_an_equal_node_of_the_same_code_goes_on() -> None:
    session = Session()
    kind = session.run(text())
    engine = engine_of(kind())
    played(engine)
    assert swapped(engine, kind())[-1] > 8


def test_a_node_of_an_older_class_keeps_no_state() -> None:
    session = Session()
    engine = engine_of(session.run(text("1.0"))())
    played(engine)
    assert max(swapped(engine, session.run(text("1.0", first="100.0"))())) <= 108


@pytest.mark.parametrize("edit", ["prepare", "kernel", "layout"])
def test_a_class_edited_in_place_keeps_no_state(edit: str) -> None:
    """As IPython's autoreload does: the class is the same object, its functions are new."""
    session = Session()
    kind = session.run(text("1.0"))
    engine = engine_of(kind())
    for _ in range(100):
        played(engine)
    fields = ', ("unused", np.float64)'
    edits = {"prepare": {"first": "0.5"}, "kernel": {"step": "0.25"}, "layout": {"fields": fields}}
    new: Any = Session().run(text(**edits[edit]).replace("redefined_count", f"edited_{edit}"))
    kind.prepare = new.prepare
    assert max(swapped(engine, kind())) < 100


def test_a_node_type_of_no_dataclass_is_copied_too() -> None:
    class Plain(Node):
        """Nothing."""

    made: Any = Plain()
    object.__setattr__(made, "mine", 3)
    assert copy.copy(made).mine == 3


def test_the_error_of_a_duplicate_name_names_the_module() -> None:
    with pytest.raises(
        DuplicateNameError, match=r"'gain' is already namgraph\.nodes\.utility\.gain\.Gain"
    ):
        node("gain")(type("Mine", (Node,), {}))
