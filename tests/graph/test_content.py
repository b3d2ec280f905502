"""``Content`` in place of a path: declared by ``file(content=...)``, checked, compared, copied."""

import copy
import pickle
from typing import Any

import pytest

import namgraph as ng
from namgraph.graph.paths import file_label, identity


class Table(ng.Content):
    """Numbers in memory."""

    described = "a Table"

    def __init__(self, digest: str) -> None:
        self.digest = digest

    def saving_hint(self) -> str:
        return "save it"


class Other(Table):
    """Another kind of it."""


@ng.node("test_content_reader")
class Reader(ng.Node):
    """Reads a table."""

    path: str | Table = ng.file(kw_only=False, content=Table)
    more: tuple[str | Table, ...] = ng.file(kw_only=False, several=True, content=Table)
    plain: str = ng.file(kw_only=False)


def test_equal_by_class_and_digest_and_copied_by_reference() -> None:
    one = Table("a")
    assert one == Table("a") != Table("b")
    assert one != Other("a")
    assert one != "a"
    assert hash(one) == hash(Table("a"))
    assert copy.copy(one) is copy.deepcopy(one) is one
    assert pickle.loads(pickle.dumps(one)) == one
    assert (file_label(one), file_label("a.txt")) == ("<Table>", "a.txt")


def test_identities_are_stable_text() -> None:
    made = identity((Table("a"), "b", (Other("c"), 3)))
    assert repr(made) == "(('Table', 'a'), 'b', (('Other', 'c'), 3))"


def test_a_field_takes_what_it_declares() -> None:
    node = Reader(Table("a"), ("x", Table("b")), "p")
    assert node == Reader(Table("a"), ("x", Table("b")), "p")
    assert Reader("x", (), "p").files() == ("path", "more", "plain")
    assert pickle.loads(pickle.dumps(node)) == node


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ((3, (), "p"), "path is 3: must be the path of a file .* or a Table"),
        (("x", ("y", 3), "p"), r"more\[1\] is 3: must be the path of a file .* or a Table"),
        (("x", Table("a"), "p"), "more is a Table: must be a list of files"),
        (("x", (), Table("a")), r"plain is a Table: must be the path of a file \(str or os.PathL"),
    ],
)
def test_a_field_refuses_the_rest(fields: Any, said: str) -> None:
    with pytest.raises(ng.FileError, match=said):
        Reader(*fields)


@pytest.mark.parametrize("wrong", [3, "Table", Table("a"), dict])
def test_content_must_be_a_class_of_it(wrong: Any) -> None:
    with pytest.raises(ng.ParamError, match=r"content is .*: must be a class derived from C"):
        ng.file(content=wrong)


def test_a_file_may_be_left_out() -> None:
    @ng.node("optional_file")
    class Optional(ng.Node):
        """A node."""

        path: str | None = ng.file(default=None)

    assert Optional().path is None
    assert Optional.required() == ()
    with pytest.raises(ng.ParamError, match=r"default is 'a\.wav': must be None"):
        ng.file(default="a.wav")
