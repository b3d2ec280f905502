"""The output folder of a job: a warning outside the job's folder, no links out of it."""

import os
from pathlib import Path
from typing import Any

import pytest

from namgraph.cli.main import main

from .jobs import write

POSIX = pytest.mark.skipif(os.name != "posix", reason="links of POSIX")


def lines(capsys: pytest.CaptureFixture[str], code: int, **keys: Any) -> str:
    """Run a job; return its stderr."""
    given = {"inputs": "a.wav", "models": "crunch-lstm.nam", **keys}
    assert main(["batch", write(**given)]) == code
    return capsys.readouterr().err


@POSIX
@pytest.mark.parametrize("output", ["../away", "linked", "linked/deeper", "out/../../away"])
def test_an_output_folder_outside_the_job_is_a_warning(
    takes: Path, capsys: pytest.CaptureFixture[str], output: str
) -> None:
    (takes.parent / "away").mkdir(exist_ok=True)
    os.symlink(takes.parent / "away", "linked")
    err = lines(capsys, 0, output=output)
    real = os.path.realpath(output)
    assert err == (
        f"namgraph: warning: job.json: output is {output!r}, outside the job's folder: "
        f"files go to {real}\n"
    )
    assert (Path(real) / "crunch-lstm" / "a.wav").exists()


@pytest.mark.parametrize("output", ["out", ".", "out/../other", "whole"])
def test_an_output_folder_below_the_job_or_whole_is_not(
    takes: Path, capsys: pytest.CaptureFixture[str], output: str
) -> None:
    (takes.parent / "whole").mkdir(exist_ok=True)
    spelled = str(takes.parent / "whole") if output == "whole" else output
    assert lines(capsys, 0, output=spelled) == ""


@POSIX
@pytest.mark.parametrize("name", ["{model}/{input}", "{input}"])
@pytest.mark.parametrize("output", ["out", "linked"])
def test_no_link_leads_out_of_the_output_folder(
    takes: Path, capsys: pytest.CaptureFixture[str], name: str, output: str
) -> None:
    home = takes / "out"
    home.mkdir()
    os.symlink("out", "linked")
    (takes.parent / "away").mkdir(exist_ok=True)
    os.symlink(takes.parent / "away", home / "crunch-lstm")
    os.symlink(takes.parent / "away" / "b.wav", home / "a.wav")
    before = sorted((takes.parent / "away").rglob("*"))
    err = lines(capsys, 2, name=name, output=output)
    assert err.startswith(f"namgraph: error: job.json: {takes / output}")
    assert "leads out of the output folder, to " in err
    assert err.count("\n") == 1
    assert sorted((takes.parent / "away").rglob("*")) == before
    for link in home.iterdir():
        link.unlink()
    os.symlink(home / "inside.wav", home / "a.wav")  # a link within the folder is taken
    assert lines(capsys, 0, name=name, output=output) == ""


def test_a_product_of_many_axes_is_counted(takes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = {f"amp.k{k}": list(range(10)) for k in range(5000)}
    err = lines(capsys, 2, settings=settings)
    assert "the job would make more than 1000000000000 files: at most 100000" in err
