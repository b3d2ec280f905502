"""A job on a Dask cluster: the files of a serial run, whatever happens to workers and scheduler."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import soundfile

import namgraph as ng
from namgraph.cli.main import main
from namgraph.presets.batch.execution import cluster as cluster_module, dask
from namgraph.presets.batch.execution.cluster import executor_for
from namgraph.presets.batch.execution.worker import environment
from namgraph.presets.batch.run import BatchProgress, BatchResult

from .jobs import GUITAR, RATE, do, entries, write

distributed = pytest.importorskip("distributed", reason="the extra dask is not installed")

LENGTH, FILES = 48_000, 8


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A scheduler, and two worker processes of one thread, which are started again if they die."""
    with (
        cluster_module.silent_logs(),
        cluster_module.local_cluster(distributed, 2) as made,
    ):
        made.wait_for_workers(2, timeout=60)
        yield made


@pytest.fixture(scope="module")
def serial(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a job of eight files that was run on one thread: ``out``."""
    folder = tmp_path_factory.mktemp("serial")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for name in "abcd":
            soundfile.write(f"{name}.wav", GUITAR[:LENGTH], RATE, subtype="FLOAT")
        write(models=..., racks="crunch", settings={"amp.input_db": [-6, 3]}, name="{n}/{input}")
        do(threads=1)
    return folder


@pytest.fixture
def job(serial: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """The same job in another folder, not run yet; returns what it must make."""
    made = tree(serial / "out")
    assert {"manifest.json", "manifest.csv"} <= {*made}
    assert len(made) == FILES + 2
    monkeypatch.chdir(tmp_path)
    for path in serial.iterdir():
        if path.is_file():
            Path(path.name).write_bytes(path.read_bytes())
    return made


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, hidden ones too."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def do_there(cluster: Any, **options: Any) -> BatchResult:
    with executor_for(cluster.scheduler_address) as executor:
        return do(executor=executor, **options)


def pids(cluster: Any) -> dict[str, int]:
    with distributed.Client(cluster.scheduler_address, set_as_default=False) as client:
        found: dict[str, int] = client.run(os.getpid)
        return found


def until(is_true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not is_true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_cluster_makes_the_files_of_a_serial_run(cluster: Any, job: dict[str, bytes]) -> None:
    told: list[BatchProgress] = []
    done = do_there(cluster, progress=told.append)
    assert (done.made, done.kept, done.failures) == (FILES, 0, {})
    assert tree(Path("out")) == job
    assert told[-1].share == 1.0
    assert ng.batch("job.json", scheduler=cluster.scheduler_address).kept == FILES
    assert not cluster.scheduler.tasks


def test_a_worker_is_killed_at_work_and_the_result_is_the_same(
    cluster: Any, job: dict[str, bytes]
) -> None:
    killed: list[int] = []

    def kill(done: BatchProgress) -> None:
        if done.files >= 2 and not killed:
            busy = [w for w in cluster.scheduler.workers.values() if w.processing]
            victim = pids_before[busy[0].address]
            killed.append(victim)
            os.kill(victim, signal.SIGKILL)

    pids_before = pids(cluster)
    done = do_there(cluster, progress=kill)
    assert (done.made, done.failures) == (FILES, {})
    assert tree(Path("out")) == job  # no temporary file either
    assert killed
    until(lambda: len(cluster.scheduler.workers) == 2)
    assert killed[0] not in pids(cluster).values()


def test_a_file_at_which_workers_die_is_named_and_the_rest_is_made(
    cluster: Any, job: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster.scheduler, "allowed_failures", 0)  # the first death counts
    until(lambda: len(cluster.scheduler.workers) == 2)
    there, killed = pids(cluster), list[int]()

    def kill(done: BatchProgress) -> None:
        busy = [w for w in cluster.scheduler.workers.values() if w.processing]
        if done.files >= 2 and busy and not killed:
            killed.append(there[busy[0].address])
            os.kill(killed[0], signal.SIGKILL)

    done = do_there(cluster, progress=kill)
    assert 1 <= len(done.failures) <= 3  # what it had: one at work, others next
    assert done.made == FILES - len(done.failures)
    for file, reason in done.failures.items():
        assert reason.endswith("the workers that rendered it died, one after another")
        assert "error" in entries()[file]
    assert not [name for name in tree(Path("out")) if name.endswith(".part")]
    assert do_there(cluster).made == len(done.failures)
    assert tree(Path("out")) == job


def test_an_interrupt_ends_all_tasks_and_the_next_run_goes_on(
    cluster: Any, job: dict[str, bytes]
) -> None:
    def interrupt(done: BatchProgress) -> None:
        if done.files == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        do_there(cluster, progress=interrupt)
    left = tree(Path("out"))
    until(lambda: not cluster.scheduler.tasks)
    assert tree(Path("out")) == left  # nothing was written afterwards
    sounds = {name: content for name, content in left.items() if "manifest" not in name}
    assert len(sounds) >= 2
    assert {name: job[name] for name in sounds} == sounds  # each whole, no temporary file
    done = do_there(cluster)
    assert done.kept >= 2
    assert tree(Path("out")) == job


def test_the_command_makes_a_cluster_of_its_own(
    job: dict[str, bytes], capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["batch", "job.json", "--scheduler", "local", "--workers", "1"]) == 0
    assert tree(Path("out")) == job
    out, err = capfd.readouterr()
    assert out.startswith(f"{FILES} files made")
    lines = [line for line in err.splitlines() if not line.startswith("namgraph: rendering: ")]
    assert lines == []


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--scheduler", "tcp://127.0.0.1:1"], "scheduler tcp://127.0.0.1:1: cannot be reached ("),
        (["--scheduler", "studio"], "scheduler studio: cannot be reached ("),
        (["--scheduler", "odd://127.0.0.1:8786"], "scheduler odd://127.0.0.1:8786: cannot be rea"),
        (["--workers", "2"], "workers is 2: goes with the scheduler 'local'"),
        (["--scheduler", "tcp://127.0.0.1:1", "--workers", "2"], "workers is 2: goes with the sc"),
        (["--scheduler", "local", "--workers", "0"], "workers is 0: must be 1 or more"),
        (["--scheduler", "local", "--threads", "2"], "threads is 2: goes without a scheduler"),
    ],
)
def test_what_cannot_be_is_one_line(
    job: dict[str, bytes],
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    options: list[str],
    says: str,
) -> None:
    monkeypatch.setattr(cluster_module, "TIMEOUT_S", 0.3)
    assert main(["batch", "job.json", *options]) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert err.startswith(f"namgraph: error: {says}")
    assert err.count("\n") == 1
    assert not Path("out").exists()


def test_a_scheduler_without_workers_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_module, "TIMEOUT_S", 0.5)
    with (
        cluster_module.local_cluster(distributed, 0) as empty,
        pytest.raises(ng.JobError, match=r"has no workers: start some, as by dask worker tcp:"),
        executor_for(empty.scheduler_address),
    ):
        pass


def test_a_scheduler_that_goes_away_ends_the_run(
    job: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dask, "GONE_S", 1.0)

    def close(done: BatchProgress) -> None:
        if done.files == 1:
            own.close()

    inside: dict[str, Any] = {
        "processes": False,
        "protocol": "tcp://",
        "dashboard_address": "127.0.0.1:0",
    }
    with (
        cluster_module.silent_logs(),
        distributed.LocalCluster(n_workers=1, threads_per_worker=1, **inside) as own,
        pytest.raises(ng.JobError, match="does not answer any more: start the job again"),
    ):
        do_there(own, progress=close)
    assert do().kept >= 1
    assert tree(Path("out")) == job


def test_workers_that_do_not_fit_are_refused_before_the_first_file(
    cluster: Any, job: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    until(lambda: len(cluster.scheduler.workers) == 2)
    other = tuple({**dict(environment()), "numba": "0.1", "SIMD width": "99"}.items())
    monkeypatch.setattr(dask, "environment", lambda: other)
    with pytest.raises(ng.JobError) as refused:
        do_there(cluster)
    assert len(refused.value.faults) == 2  # a line each
    assert "(here 0.1), SIMD width" in refused.value.faults[0]
    assert [name for name in tree(Path("out")) if "manifest" not in name] == []


def test_workers_that_see_other_folders_are_refused(
    cluster: Any, job: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    until(lambda: len(cluster.scheduler.workers) == 2)
    monkeypatch.setattr(dask, "_one_of_each_folder", lambda groups: (("/nowhere/a.wav", 3),))
    with pytest.raises(ng.JobError, match=r"cannot read /nowhere/a\.wav \(No such file"):
        do_there(cluster)
