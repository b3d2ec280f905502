"""Subtypes, rates and channels of each format; others are refused before the work."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from namgraph import AudioFileError, JobError
from namgraph.cli import arguments
from namgraph.cli.main import main
from namgraph.presets.batch.job import read_job
from namgraph.runtime.io.audio_file import read_audio
from namgraph.runtime.io.audio_writer import SUBTYPES, audio_writer

from ...cli.command import LSTM, refused

TONE = (0.25 * np.sin(np.arange(4800) / 10)).astype(np.float32)[None]
HELD = {
    "wav": {
        "": "PCM_24",
        "pcm24": "PCM_24",
        "pcm16": "PCM_16",
        "pcm32": "PCM_32",
        "float": "FLOAT",
    },
    "flac": {"": "PCM_24", "pcm24": "PCM_24", "pcm16": "PCM_16"},
    "aiff": {"": "PCM_24", "pcm24": "PCM_24", "pcm16": "PCM_16"},
    "mp3": {"": "MPEG_LAYER_III"},
    "ogg": {"": "VORBIS"},
}
"""Sample format stored, by suffix and subtype (None: the default)."""


def write(path: Path, **options: Any) -> None:
    with audio_writer(path, 48_000, **options) as writing:
        writing(TONE)


@pytest.mark.parametrize("kind", HELD)
@pytest.mark.parametrize("subtype", ["", *SUBTYPES])
def test_a_subtype_is_stored_or_the_allowed_ones_are_named(
    tmp_path: Path, kind: str, subtype: str
) -> None:
    if kind != "wav":
        pytest.importorskip("pedalboard")
    path = tmp_path / f"a.{kind}"
    if subtype in HELD[kind]:
        write(path, subtype=subtype or None)
        assert soundfile.info(path).subtype == HELD[kind][subtype]
        loss = 0.05 if kind in ("mp3", "ogg") else 2.0**-15
        assert np.abs(read_audio(path).samples[:, :4800] - TONE).max() <= loss
        return
    can = {"flac": "can be pcm24 or pcm16", "aiff": "can be pcm24 or pcm16"}
    said = f"a.{kind}: subtype is {subtype}: {kind.upper()} {can.get(kind, 'has no subtype')}"
    with pytest.raises(AudioFileError, match=said):
        write(path, subtype=subtype)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("kind", "rate", "channels", "said"),
    [
        ("mp3", 96_000, 1, "sample rate"),
        ("flac", 48_000, 9, "num_channels=9"),
        ("flac", 768_000, 1, "sample rate"),
        ("wav", 48_000, 1025, "would have 1025 channels: at most 1024"),
    ],
)
def test_rates_and_channels_are_checked_before_the_work(
    tmp_path: Path, kind: str, rate: int, channels: int, said: str
) -> None:
    if kind != "wav":
        pytest.importorskip("pedalboard")
    path = tmp_path / f"a.{kind}"
    with (
        pytest.raises(AudioFileError, match=rf"^{path}: .*{said}"),
        audio_writer(path, rate, channels=channels),
    ):
        pytest.fail("the body began")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("name", "subtype"), [("out.flac", "float"), ("out.mp3", "pcm24")])
def test_the_command_refuses(
    there: Path, capsys: pytest.CaptureFixture[str], name: str, subtype: str
) -> None:
    pytest.importorskip("pedalboard")
    said = refused(capsys, "render", LSTM, "in.wav", name, "--subtype", subtype)
    assert said.startswith(f"namgraph: error: {name}: subtype is {subtype}: ")
    assert main(["render", LSTM, "in.wav", name]) == 0


@pytest.mark.parametrize("subtype", ["float", "pcm16", None])
def test_a_job_refuses(there: Path, subtype: str | None) -> None:
    pytest.importorskip("pedalboard")
    job = {"namgraph_job": 1, "inputs": "in.wav", "models": LSTM, "name": "{input}.flac"}
    Path("job.json").write_text(json.dumps({**job, "subtype": subtype} if subtype else job))
    if subtype == "float":
        with pytest.raises(JobError, match=r"job\.json: in\.flac: subtype is float: FLAC can be"):
            read_job("job.json")
        return
    assert main(["batch", "job.json"]) == 0
    stored = "PCM_16" if subtype else "PCM_24"
    assert soundfile.info("renders/in.flac").subtype == stored


def test_the_command_knows_the_subtypes() -> None:
    assert set(arguments.SUBTYPES) == set(SUBTYPES)
