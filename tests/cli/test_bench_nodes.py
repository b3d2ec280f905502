"""``namgraph bench --suite nodes``: every node of the package is timed beside its target."""

import json

import numpy as np
import pytest

import namgraph.nodes
from namgraph.cli.benchmarks import nodes
from namgraph.cli.benchmarks.node_targets import ALLOWED, FILES, TARGETS, Setting
from namgraph.cli.main import main
from namgraph.graph import node_types
from namgraph.nodes import Gain, Mix

from . import command

SHIPPED = {getattr(namgraph.nodes, name) for name in namgraph.nodes.__all__}
OURS = {name: cls for name, cls in node_types().items() if cls in SHIPPED}


def test_every_type_has_a_row_for_each_setting(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--suite", "nodes", "--quick", "--json"]) == 0
    rows = command.rows(json.loads(capsys.readouterr().out), "node")
    assert {row["type"] for row in rows} == set(OURS)
    for row in rows:
        assert 0 < row["least_ns"] <= row["ns"] < 1e6
        wanted = TARGETS.get(row["type"], (Setting(None),))
        (setting,) = (s for s in wanted if s.arguments == row["setting"])
        assert row["target_ns"] == setting.target_ns
        target = row["target_ns"]
        assert row["over"] == (target is not None and row["ns"] > ALLOWED * target)
    settings = [(row["type"], row["setting"]) for row in rows]
    assert all(settings.count(one) == 1 for one in settings)


def test_it_prints_a_line_for_each(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--suite", "nodes", "--quick"]) == 0
    machine, *lines = capsys.readouterr().out.splitlines()
    assert "lanes" in machine
    (gain,) = (line for line in lines if line.startswith("gain "))
    assert gain.split()[-2:] == ["target", "-"]
    assert [line.split()[0] for line in lines] == sorted(line.split()[0] for line in lines)


@pytest.mark.parametrize("type_name", sorted({*TARGETS, *FILES} & set(OURS)))
def test_the_settings_of_a_type_make_nodes(type_name: str) -> None:
    files = FILES[type_name]() if type_name in FILES else {}
    settings = TARGETS.get(type_name, (Setting(None),))
    made = [OURS[type_name](**files, **setting.arguments) for setting in settings]
    assert all(node not in made[:number] for number, node in enumerate(made))


def test_a_miss_is_flagged_beyond_one_and_a_half_times_the_target() -> None:
    case = nodes.Case("gain", Setting(2.0))
    for seconds, over in ((3e-9, False), (3.01e-9, True)):
        case._seconds = [seconds] * 3
        row = case.row()
        assert row["over"] is over
        assert ("MISSED: 1.5 times" in nodes.format_row("node", row)) is over


def test_the_kernel_plays_the_noise_block_after_block() -> None:
    case = nodes.Case("gain", Setting(None))
    case.play(nodes.BLOCKS + 3)
    played = [y[: nodes.FRAMES] for y in case._harness.outs]
    np.testing.assert_array_equal(played, case._noise[2])
    assert len(case._seconds) == 1


def test_channels_are_those_of_the_widest_audio_port() -> None:
    assert nodes.channels(Gain()) == nodes.CHANNELS
    assert nodes.channels(Mix(16)) == nodes.CHANNELS
    assert nodes.channels(namgraph.nodes.Constant()) == 1
