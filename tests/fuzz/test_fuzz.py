"""Any file is refused in one line or plays finitely; any input goes in; and these checks can fail.

A few hundred files here; 100,000 with ``python -m namgraph.tests.fuzz.run``, or with
HYPOTHESIS_PROFILE=thorough.
"""

import collections
import json
import os
import random
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from namgraph.graph import Graph, NamFileError
from namgraph.nodes.nam import load_nam
from namgraph.nodes.nam.format import parse as reader
from namgraph.nodes.nam.format.load import parse_nam
from namgraph.runtime import Engine
from namgraph.runtime.native.cpu import processors

from ..nodes import bad
from ..nodes.nam import nets
from . import check as checks, models, run as runner
from .check import Outcome, check, memory_bytes
from .mutate import capture_mutant, mutant

THOROUGH = os.environ.get("HYPOTHESIS_PROFILE") == "thorough"
COUNT = 300
QUICK_S = 2.0
DEEP = 10_000


def test_mutated_files_are_refused_or_play(tmp_path: Path) -> None:
    found = collections.Counter(check(mutant(seed), tmp_path).outcome for seed in range(COUNT))
    assert found[Outcome.PLAYED] > COUNT / 20  # or nothing behind the reader was tried
    assert found[Outcome.REFUSED] > COUNT / 4


def test_mutated_captures_are_refused_or_play(tmp_path: Path) -> None:
    found = collections.Counter(check(capture_mutant(n), tmp_path).outcome for n in range(150))
    assert found[Outcome.PLAYED] > 20
    assert found[Outcome.REFUSED] > 40


@pytest.mark.slow
@pytest.mark.skipif(not THOROUGH, reason="a hundred thousand files take minutes")
@pytest.mark.parametrize("captures", [False, True])
def test_a_hundred_thousand_mutated_files(captures: bool) -> None:
    report = runner.run(0, 100_000, processors(), "all" if captures else "")
    assert not report.bugs, str(report)


def test_a_mutant_is_the_same_wherever_it_is_made() -> None:
    command = "from namgraph.tests.fuzz.mutate import mutant; print(mutant(17).hex())"
    env = os.environ | {"PYTHONHASHSEED": "5"}
    done = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, env=env,
                          check=False)  # fmt: skip
    if "No module named" in done.stderr:
        pytest.skip("the tests are not installed beside the package")
    assert bytes.fromhex(done.stdout) == mutant(17)


# --- files too large, too deep


def refused(path: Path | str, said: str) -> None:
    """Refused, quickly, and without holding what the file holds."""
    before, begun = memory_bytes(), time.process_time()
    with pytest.raises(NamFileError, match=said):
        load_nam(path)
    assert time.process_time() - begun < QUICK_S
    assert memory_bytes() - before < 600 << 20


def test_a_file_of_200_mb_is_refused_quickly(tmp_path: Path) -> None:
    path = tmp_path / "huge.nam"
    with open(path, "wb") as file:
        file.write(b'{"weights": [')
        file.truncate(200 << 20)
    refused(path, "has 209715200 bytes: at most")


def test_as_many_bytes_as_are_read_are_refused_quickly_too(tmp_path: Path) -> None:
    path = tmp_path / "large.nam"
    start = b'{"version": "0.5.4", "architecture": "LSTM", "config": {}, "weights": ['
    path.write_bytes(start + b"0.123456789012345678," * 500_000 + b"0]}")
    refused(path, "config.input_size is missing")


@pytest.mark.parametrize("opened", ['{"a":', "[", '{"metadata": {"a":', '{"weights": ['])
@pytest.mark.parametrize("closed", [True, False])
def test_ten_thousand_levels_are_refused_quickly(tmp_path: Path, opened: str, closed: bool) -> None:
    ends = {"{": "}", "[": "]"}
    text = opened * DEEP + "0"
    if closed:
        text += "".join(ends[c] for c in reversed(opened) if c in ends) * DEEP
    path = tmp_path / "deep.nam"
    path.write_text(text)
    refused(path, "nested too deeply|is not JSON")


def test_containers_in_containers_are_refused(tmp_path: Path) -> None:
    inner = nets.lstm(1, 1)
    for _ in range(150):
        inner = nets.container(inner, limits=[1.0])
    refused(nets.write(tmp_path, inner), "nested")


def long_chain() -> Any:
    """A thousand layers that look back a million frames: 10 kB of numbers, seconds to begin."""
    rows = [nets.array(2, [1023] * 256, taps=2, head=2) | {"gated": True} for _ in range(4)]
    for row in rows[1:]:
        row["input_size"] = 2
    rows[-1]["head_size"] = 1
    model = nets.wavenet(nets.array(1, [1]))
    model["config"]["layers"] = rows
    return models.mended(random.Random(0), model)


def many_lstms() -> Any:
    """Small ones, but deep, many, and at a rate that makes half a second a long time."""
    inner = nets.lstm(4, 32, rate=768_000)
    limits = [(n + 1) / 16 for n in range(16)]
    return nets.container(*[inner] * 16, limits=limits) | {"sample_rate": 768_000}


@pytest.mark.parametrize("make", [long_chain, many_lstms])
def test_what_would_take_long_to_begin_is_refused(tmp_path: Path, make: Any) -> None:
    refused(nets.write(tmp_path, make()), "multiply-adds to prewarm: at most")


def test_more_channels_than_a_port_has_are_refused(tmp_path: Path) -> None:
    model = nets.wavenet(nets.array(1, [1], head=255))
    refused(nets.write(tmp_path, model), "has 255 channels out: at most 64")


# --- inputs no player should be given


@pytest.mark.parametrize(
    "model",
    [
        nets.a1("nano"),
        nets.a2(3),
        nets.lstm(3, 2),
        nets.lstm(40, 1),
        nets.wavenet(nets.array(2, [1, 2], activation="ReLU"), loud=1e30),
    ],
    ids=["a1", "a2", "lstm", "large lstm", "loud"],
)
def test_any_input_gives_numbers_and_is_forgotten_by_a_reset(tmp_path: Path, model: Any) -> None:
    outcome = check(json.dumps(model).encode(), tmp_path).outcome
    assert outcome in (Outcome.PLAYED, Outcome.MUTED)


# --- controls: what each check finds


def test_another_exception_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "read_lstm", lambda config: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        check(json.dumps(nets.lstm(1, 1)).encode(), tmp_path)


def test_a_message_of_many_lines_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class TwoLinesError(NamFileError):
        def __str__(self) -> str:
            return "one\ntwo"

    def complain(config: Any) -> None:
        raise TwoLinesError("not escaped by the class")

    monkeypatch.setattr(reader, "read_lstm", complain)
    with pytest.raises(AssertionError, match="two"):
        check(json.dumps(nets.lstm(1, 1)).encode(), tmp_path)


def test_a_slow_file_and_a_large_one_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = json.dumps(nets.lstm(1, 1)).encode()
    monkeypatch.setattr(checks, "LONGEST_S", 0.0)
    with pytest.raises(AssertionError, match="took"):
        check(content, tmp_path)
    monkeypatch.undo()
    monkeypatch.setattr(checks, "MOST_BYTES", 1 << 20)
    with pytest.raises(AssertionError, match="held"):
        check(content, tmp_path)


def test_what_outlives_a_reset_is_found() -> None:
    graph = Graph()
    end = graph.input("in", channels=1) >> graph.add("bad", bad.make(bad.remembers_elsewhere))
    end >> graph.output("out", channels=1)
    made = Engine(graph, sample_rate=48_000, max_frames=64, fade_s=0.0)
    with pytest.raises(AssertionError, match="outlived a reset"):
        checks.play(made)


def test_a_crash_and_a_hang_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    for ending, code in (("os._exit(3)", 3), ("time.sleep(60)", -9)):
        monkeypatch.setattr(runner, "HANG_S", 1.0)
        script = f"import json, os, time; print(json.dumps({{'begun': 7}}), flush=True); {ending}"
        worker = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
        monkeypatch.setattr(subprocess, "Popen", lambda *a, worker=worker, **k: worker)
        report = runner.Report()
        assert runner._watch(7, 20, report, threading.Lock()) == 8
        assert f"ended with {code}" in report.bugs[7]
        monkeypatch.undo()


# --- atheris


def test_atheris_finds_nothing_either(tmp_path: Path) -> None:
    pytest.importorskip("atheris")
    command = [sys.executable, str(Path(__file__).with_name("atheris_nam.py")), "-runs=2000"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=120,
                          check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]


def test_the_seeds_load(tmp_path: Path) -> None:
    """What atheris begins with."""
    good = 0
    for seed in range(40):
        try:
            parse_nam(mutant(seed))
        except NamFileError:
            continue
        good += 1
    assert good > 2
