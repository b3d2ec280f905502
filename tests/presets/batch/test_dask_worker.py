"""What a Dask worker checks before it renders; Dask's log, and its absence."""

import logging
import os
from pathlib import Path
from typing import Any

import pytest

import namgraph as ng
from namgraph.presets.batch.execution import cluster as cluster_module, worker
from namgraph.presets.batch.execution.cluster import executor_for
from namgraph.presets.batch.execution.task import StoppedError
from namgraph.presets.batch.execution.worker import Ticket, check_worker, environment

pytest.importorskip("distributed", reason="the extra dask is not installed")


def ticket(tmp_path: Path, **changes: Any) -> Ticket:
    check_worker.cache_clear()
    probe, sound = tmp_path / "probe", tmp_path / "a.wav"
    probe.write_text(changes.pop("written", "name"))
    sound.write_bytes(b"123")
    given = {"job": "name", "facts": environment(), "probe": os.fspath(probe)}
    return Ticket(**{**given, "files": ((os.fspath(sound), 3),), **changes})


def test_a_worker_checks_its_versions_and_its_folders(tmp_path: Path) -> None:
    assert check_worker(ticket(tmp_path)) == ("", "")
    facts = dict(environment())
    for name in ("namgraph", "numba", "llvmlite", "soxr", "SIMD width"):
        fault, _ = check_worker(ticket(tmp_path, facts=tuple({**facts, name: "0"}.items())))
        assert f"has {name} {facts[name]} (here 0): the same is needed" in fault
    for name in ("Python", "numpy", "pedalboard"):
        differs = check_worker(ticket(tmp_path, facts=tuple({**facts, name: "0"}.items())))
        assert differs[0] == ""
        assert differs[1].endswith(f"has {name} {facts[name]} (here 0)")
    lost = os.fspath(tmp_path / "nowhere" / "probe")
    assert "does not see the output folder" in check_worker(ticket(tmp_path, probe=lost))[0]
    assert "sees another folder" in check_worker(ticket(tmp_path, written="other"))[0]
    sound = os.fspath(tmp_path / "a.wav")
    assert "sees another file at" in check_worker(ticket(tmp_path, files=((sound, 4),)))[0]
    assert "cannot read" in check_worker(ticket(tmp_path, files=((sound + "x", 4),)))[0]


def test_a_task_checks_a_worker_that_joined_later(tmp_path: Path) -> None:
    strange = ticket(tmp_path, facts=(("numba", "0"),))
    with pytest.raises(ng.JobError, match="the same is needed"):
        worker.render_here((), strange)
    fits = ticket(tmp_path, job="name", facts=environment())
    assert worker.render_here((), fits) == []
    assert worker.stop_here("name") == 0
    with pytest.raises(StoppedError):
        worker.render_here((), fits)


def test_the_log_of_dask_is_silent_meanwhile() -> None:
    logger = logging.getLogger("distributed.a_part_with_a_level_of_its_own")
    logger.setLevel(logging.INFO)
    with cluster_module.silent_logs():
        assert not logger.isEnabledFor(logging.ERROR)
    assert logger.isEnabledFor(logging.INFO)


def test_without_dask_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    needs = pytest.raises(ng.JobError, match="a scheduler needs Dask: pip install")
    with needs, executor_for("local"):
        pass
