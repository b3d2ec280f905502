"""Tables as text and as HTML."""

from html.parser import HTMLParser

from namgraph.graph.catalog.text_table import Table, html_of, text_of

HEAD = ("node", "calls", "us", "")
ROWS = [("amp", "10", "2.50", "slowest"), ("a <long> name", "1000", "12.00", "")]
TABLE = Table("Two nodes", HEAD, ROWS, ["a & b"])


class Cells(HTMLParser):
    """Collects the texts of cells, row by row, and checks that every tag is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1] in ("td", "th"):
            self.rows[-1][-1] += data


def test_columns_of_numbers_end_below_each_other() -> None:
    assert text_of([TABLE]).splitlines() == [
        "Two nodes",
        "node           calls     us",
        "amp               10   2.50  slowest",
        "a <long> name   1000  12.00",
        "a & b",
    ]


def test_several_tables_and_one_without_rows() -> None:
    empty = Table("Nothing", HEAD, [])
    assert text_of([empty, Table("One", ("x",), [("a",)])]).splitlines() == [
        "Nothing", "One", "x", "a",
    ]  # fmt: skip
    assert html_of([empty]) == "<p>Nothing</p>"


def test_html_has_the_same_cells() -> None:
    assert Cells(html_of([TABLE])).rows == [list(HEAD), *map(list, ROWS)]
    assert "a &amp; b" in html_of([TABLE])


def test_control_characters_are_escaped() -> None:
    odd = Table("a\x1b[2J", ("x",), [("b\nc",)])
    assert text_of([odd]).splitlines() == ["a\\x1b[2J", "x", "b\\nc"]
    assert "\x1b" not in html_of([odd])
