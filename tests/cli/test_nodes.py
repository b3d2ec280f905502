"""``namgraph nodes``: every node type by category, and all of one."""

import builtins
import importlib.util
import json
import re
import sys
from typing import Any

import pytest

import namgraph as ng
from namgraph.cli.main import main
from namgraph.cli.nodes.describe import describe_type, known_types
from namgraph.graph import CATEGORIES, Node

from .command import refused

TYPES = known_types()
every_type = pytest.mark.parametrize("name", TYPES)


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(("nodes", *arguments)) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return out


def test_every_type_has_a_line_under_its_category(capsys: pytest.CaptureFixture[str]) -> None:
    found: dict[str, str] = {}
    category = ""
    for line in printed(capsys).splitlines()[:-2]:
        if not line.startswith("  "):
            category = line.partition(":")[0]
            continue
        name, _, description = line.strip().partition("  ")
        found[name] = category
        assert description.strip() == TYPES[name].description
    assert found == {name: cls.category for name, cls in TYPES.items()}
    assert list(dict.fromkeys(found.values())) == [c for c in CATEGORIES if c in found.values()]
    assert {"gain", "nam", "pedalboard_effect"} <= set(found)


def test_only_types_of_the_package_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    from namgraph.graph.catalog.registry import classes

    ng.node("of_a_test")(type("OfATest", (Node,), {"__doc__": "A."}))
    try:
        assert "of_a_test" not in printed(capsys)
    finally:
        del classes["of_a_test"]


@every_type
def test_everything_about_a_type_is_printed(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    text, cls = printed(capsys, name), TYPES[name]
    head, description, *lines = text.splitlines()
    assert head == f"{name}: {cls.display_name}, version 1, category {cls.category}"
    assert description.strip() == cls.description
    ins, outs = cls.default_ports()
    for port in (*ins, *outs):
        assert any(line.split()[:1] == [port.name] for line in lines)
    shown = {line.split()[0] for line in lines if line.startswith("  ")}
    assert {*cls.options(), *cls.required()} <= shown
    alike = {re.sub(r"\d+", "#", one) for one in shown}  # "gain1_db to gain16_db" is one line
    assert {re.sub(r"\d+", "#", one) for one in cls.params()} <= alike
    assert all(line == line.rstrip() for line in lines)


def test_ranges_units_tapers_and_choices_are_those_of_the_class(
    capsys: pytest.CaptureFixture[str],
) -> None:
    delay = " ".join(printed(capsys, "delay").split())
    assert "time_ms 0 to 5000 ms default 350 log smoothed over 50 ms" in delay
    assert "in input audio as many channels as are connected" in delay
    assert "latency none tail 184811 frames (3850.23 ms) at 48000 Hz" in delay
    cab = " ".join(printed(capsys, "cab").split())
    assert "gain_rule default nam nam, energy, peak, none" in cab
    assert "path the path of a file" in cab
    assert "channels set by path" in cab
    assert "cutoff_hz 1 to 100 Hz default 5 log smoothed over 10 ms" in " ".join(
        printed(capsys, "dc_block").split()
    )
    assert "gain1_db to gain16_db -80 to 24 dB" in " ".join(printed(capsys, "mix").split())
    assert "2 channels" in printed(capsys, "pan")
    assert "peak, peak_hold, rms, clipped" in printed(capsys, "meter")


@every_type
def test_the_json_has_what_the_class_has(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    row, cls = json.loads(printed(capsys, name, "--json")), TYPES[name]
    assert row == json.loads(json.dumps(describe_type(cls)))
    assert {n: (p["low"], p["high"], p["unit"]) for n, p in row["parameters"].items()} == {
        n: (p.low, p.high, p.unit) for n, p in cls.params().items()
    }
    assert [p["name"] for p in row["inputs"]] == [p.name for p in cls.default_ports()[0]]
    assert row["files"] == list(cls.files())
    if not cls.required():
        assert row["tail"] == cls().tail(ng.Spec(48_000, 64))


def test_the_json_of_all_is_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    rows = json.loads(printed(capsys, "--json"))["nodes"]
    assert sorted(row["type"] for row in rows) == sorted(TYPES)


def test_a_file_that_may_be_left_out_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(capsys, "cab_mics")
    assert "must be given\n  path_a  the path of a file" in text
    assert "may be given\n  path_b  the path of a file" in text


@every_type
def test_the_example_runs(name: str) -> None:
    if "needs_extra" in vars(TYPES[name]):
        pytest.importorskip(getattr(TYPES[name], "needs_extra", ""))
    add, *then = describe_type(TYPES[name])["example"].splitlines()
    call = add.partition(", ")[2].removesuffix(")")
    node: Node = eval(call, {"ng": ng})
    assert type(node) is TYPES[name]
    for line in then:
        turned, value = eval(line.removeprefix("engine.set"))
        rows = TYPES[name].params() or node.params()  # a Nam would read its file
        row = rows[turned.partition(".")[2]]
        assert row.check(turned, value) == row.default


@pytest.mark.parametrize("name", ["NAM bank", "NamBank", "nam_bank", "NAM_BANK"])
def test_a_type_is_found_by_each_of_its_names(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert printed(capsys, name).startswith("nam_bank: NAM bank")


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ("dely", "no node type 'dely'; nearest: delay"),
        ("Gian", "no node type 'Gian'; nearest: gain"),
        ("qqqq", "no node type 'qqqq'; there is "),
        ("", "NAME is an empty text"),
        ("x" * 5_000, "no node type 'xxx"),
        ("\x1b[31m", "no node type '\\x1b[31m'"),
    ],
)
def test_an_unknown_type_is_one_line_with_the_nearest(
    wrong: str, says: str, capsys: pytest.CaptureFixture[str], tmp_path: Any, monkeypatch: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    assert says in refused(capsys, "nodes", wrong)
    assert says in refused(capsys, "nodes", wrong, "--json")


def test_without_pedalboard_its_node_is_listed_and_says_what_to_install(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    real, find = builtins.__import__, importlib.util.find_spec

    def missing(name: str, *rest: Any, **more: Any) -> Any:
        if name.partition(".")[0] == "pedalboard":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return real(name, *rest, **more)

    monkeypatch.delitem(sys.modules, "pedalboard", raising=False)
    monkeypatch.setattr(builtins, "__import__", missing)
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "pedalboard" else find(name)
    )
    assert "pedalboard_effect" in printed(capsys)
    assert "the extra pedalboard (not installed: pip install" in printed(
        capsys, "pedalboard_effect"
    )
    row = json.loads(printed(capsys, "pedalboard_effect", "--json"))
    assert row["needs"]["installed"] is False
    assert "pip install" in row["needs"]["install"]


def test_a_node_around_another_says_whose_parameters_it_has(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["nodes", "oversample"]) == 0
    assert "  those of the inner node: print(node.params())" in capsys.readouterr().out
    assert main(["nodes", "oversample", "--json"]) == 0
    assert '"parameters_of": "the inner node"' in capsys.readouterr().out
