"""Help, version and shell completion: fast, with examples that parse."""

import contextlib
import io
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import shtab

import namgraph as ng
from namgraph.cli import arguments as choices, main as command
from namgraph.cli.main import build_parser, main
from namgraph.nodes.cabinet.impulse_response import LAYOUTS
from namgraph.nodes.nam.node import BACKENDS
from namgraph.presets.rendering.input_channels import CHANNELS
from namgraph.runtime.io.audio_writer import SUBTYPES

VERBS = list(command.VERBS)


def printed(*arguments: str) -> str:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        assert main(arguments) == 0
    return out.getvalue()


@pytest.mark.parametrize("verb", VERBS)
def test_the_help_of_a_verb_ends_with_examples_that_parse(verb: str) -> None:
    examples = printed(verb, "--help").partition("\nexamples:\n")[2].splitlines()
    assert examples
    for line in examples:
        program, *arguments = shlex.split(line)
        assert (program, arguments[0]) == ("namgraph", verb)
        assert callable(build_parser().parse_args(arguments).run)


def test_the_help_names_every_verb() -> None:
    assert re.findall(r"^    ([\w-]+) ", printed("--help"), re.MULTILINE) == VERBS


def test_version() -> None:
    assert printed("-V") == printed("--version") == f"namgraph {ng.__version__}\n"


@pytest.mark.parametrize("arguments", [["--help"], ["-V"], ["render", "--help"], ["no-verb"]])
def test_help_loads_neither_numpy_nor_numba(arguments: list[str]) -> None:
    code = (
        "import sys\nfrom namgraph.cli.main import main\n"
        f"main({arguments})\n"
        "sys.exit(bool({'numpy', 'numba', 'llvmlite', 'tqdm', 'shtab'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0


def test_the_shells_are_those_of_the_library() -> None:
    assert set(command.SHELLS) <= set(shtab.SUPPORTED_SHELLS)
    assert all("verify" in printed("--print-completion", shell) for shell in command.SHELLS)


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_bash_completes_verbs_options_and_files(tmp_path: Path) -> None:
    (tmp_path / "script").write_text(printed("--print-completion", "bash"))
    (tmp_path / "amp.nam").touch()

    def completed(*words: str) -> list[str]:
        line = shlex.join(["namgraph", *words])
        script = (
            f"source ./script; COMP_WORDS=({line}); COMP_CWORD={len(words)}; COMP_LINE='{line}'; "
            f"COMP_POINT={len(line)}; _shtab_namgraph namgraph '{words[-1]}'; "
            'printf "%s\\n" "${COMPREPLY[@]}"'
        )
        done = subprocess.run(
            ["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True
        )
        return done.stdout.split()

    assert completed("ver") == ["verify"]
    assert completed("render", "--interf") == ["--interface-dbu"]
    assert completed("verify", "am") == ["amp.nam"]


def test_choices_are_those_of_the_functions_that_take_them() -> None:
    # Written again in cli/arguments.py, so that --help imports nothing that is slow.
    assert choices.CHANNELS == CHANNELS
    assert tuple(SUBTYPES) == choices.SUBTYPES
    assert ("auto", *LAYOUTS) == choices.LAYOUTS
    assert sorted(choices.BACKENDS) == sorted(BACKENDS)
