"""The code in the README of the adapter runs."""

from pathlib import Path

import pytest

import namgraph.runtime.adapters.pedalboard as adapter

from ..readme import blocks

PAGE = Path(adapter.__file__).with_name("README.md").read_text(encoding="utf-8")
CODE = [block.text for block in blocks(PAGE) if block.language == "python"]


def test_the_code_runs(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("pedalboard")
    assert len(CODE) == 1
    exec(CODE[0], {"__name__": "readme"})
    said = capsys.readouterr().out.splitlines()
    assert said == ["dB (-60.0, 60.0, None)", "0 65495"]


def test_every_fit_has_a_row() -> None:
    from namgraph.runtime.adapters.pedalboard.channels import FITS

    rows = [line.split("|")[1].strip() for line in PAGE.splitlines() if line.startswith('| `"')]
    assert sorted(rows) == sorted(f'`"{fit}"`' for fit in FITS)
