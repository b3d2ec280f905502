"""Messages of the Python API name no options of the command; the command adds its own."""

import argparse
import re
from pathlib import Path

import pytest

import namgraph as ng
from namgraph.cli.main import build_parser, main
from namgraph.cli.option_names import OPTIONS, with_options
from namgraph.presets.rig import open_rig
from namgraph.runtime.adapters.live.portaudio import REMEDIES

from ..nodes.cabinet.test_cab_layouts import quad
from ..nodes.nam import nets
from .command import GUITAR, LSTM, wav

PACKAGE = Path(ng.__file__).parent
OPTION = re.compile(r"""(?<![\w`-])--[a-z][a-z-]+""")


def test_messages_of_python_name_no_options() -> None:
    found = {}
    for folder in ("graph", "nodes", "runtime"):
        for path in (PACKAGE / folder).rglob("*.py"):
            if path.parent.name in ("shim", "driver"):  # options of compilers
                continue
            lines = path.read_text(encoding="utf-8").splitlines()
            bad = [line for line in lines if OPTION.search(line) and "namgraph " not in line]
            if bad := [line for line in bad if "pip install" not in line]:
                found[path.relative_to(PACKAGE).as_posix()] = bad
    assert found == {}


def test_an_option_in_a_message_is_found() -> None:
    assert OPTION.search('"or give --resample"')
    assert OPTION.search('"(sample_rate=, --rate 48000)"')


def test_options_are_those_of_the_verb() -> None:
    text = "the stream at 44100 Hz: sample_rate=48000, or Nam(..., resample=True)"
    live = build_parser().parse_args(["live", "crunch"])
    assert with_options(text, live) == f"{text} (here: --rate, --resample)"
    render = build_parser().parse_args(["render", "crunch", "a.wav", "b.wav"])
    assert with_options(text, render) == f"{text} (here: --resample)"
    assert with_options(text, argparse.Namespace()) == text
    assert with_options("set the option layout", render) == "set the option layout"
    render.ir = "cab.wav"
    assert with_options("set the layout", render) == "set the layout (here: --ir-layout)"
    assert with_options("--resample, resample=True", render) == "--resample, resample=True"


def test_every_row_is_of_a_message_and_of_a_verb(tmp_path: Path) -> None:
    quad(tmp_path / "room.wav", 1, ambisonic=True)
    with pytest.raises(ng.AudioFileError) as layout:
        _ = ng.Cab(str(tmp_path / "room.wav")).inputs
    with pytest.raises(ng.SampleRateError) as rate:
        ng.render(ng.Nam(LSTM), GUITAR, 44_100)
    said = f"{layout.value} {rate.value} {REMEDIES[-9997]}"
    options = {o for verb in ("live", "render") for o in _options(verb)}
    for part, (_, option) in OPTIONS.items():
        assert part in said
        assert option in options
    assert not OPTION.search(said)


def _options(verb: str) -> set[str]:
    more = ["in.wav", "out.wav"] if verb == "render" else []
    return {
        f"--{name.replace('_', '-')}"
        for name in vars(build_parser().parse_args([verb, "x", *more]))
    }


@pytest.mark.filterwarnings("default")  # which the command makes lines of its own
@pytest.mark.parametrize(
    ("options", "warned"),
    [
        (["--slim", "0.5"], True),
        (["--set", "amp.slim=0.5"], True),
        (["--slim", "1"], False),
        ([], False),
    ],
)
def test_a_size_that_there_is_not_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], warned: bool
) -> None:
    source, out = wav(tmp_path / "in.wav", GUITAR[:480]), str(tmp_path / "out.wav")
    assert main(["render", LSTM, source, out, *options]) == 0
    err = capsys.readouterr().err
    line = f"namgraph: warning: slim changes nothing: {LSTM}: not slimmable, there is one size\n"
    assert err == line * warned


def test_a_size_that_there_is_is_chosen_silently(tmp_path: Path) -> None:
    path = nets.write(tmp_path, nets.container(nets.lstm(2, 1), nets.lstm(3, 1)))
    graph = open_rig(path, slim=0.3).graph  # a warning would be an error here
    assert graph["amp"] == ng.Nam(path, slim=0.3)
