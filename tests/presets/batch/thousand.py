"""A large batch that is killed three times, and one with bad files: also a script for full size.

``python tests/presets/batch/thousand.py --items 1000`` takes some minutes and prints what it found.
"""

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

import namgraph as ng

GUITAR, RATE = soundfile.read(ng.asset("di.wav"), dtype="float32")
FRAMES = RATE // 10
KINDS = ("missing", "truncated", "wrong rate", "nan", "text", "empty", "unreadable")
POLL_S = 0.002


def prepare(folder: Path, items: int, **keys: Any) -> Path:
    """Write takes and a job that renders ``items`` files; return the job."""
    takes = folder / "takes"
    takes.mkdir(parents=True)
    for k in range(items):
        start = 37 * k % (len(GUITAR) - FRAMES)
        soundfile.write(takes / f"{k:04d}.wav", GUITAR[start : start + FRAMES], RATE)
    job = folder / "job.json"
    inputs = [f"takes/{k:04d}.wav" for k in range(items)]
    settings = {"amp.input_db": {"uniform": [-12, 6]}, "cab.gain_rule": "energy"}
    data = {"namgraph_job": 1, "inputs": inputs, "racks": "crunch", "settings": settings}
    job.write_text(json.dumps({**data, "tail": False, "output": "out", **keys}))
    return job


def spoil(folder: Path, bad: int, seed: int) -> dict[str, str]:
    """Spoil inputs in each of ``KINDS`` in turn; return the kind of each by its name."""
    takes = sorted((folder / "takes").glob("*.wav"))
    chosen = random.Random(seed).sample(takes, bad)
    samples = np.full(FRAMES, np.nan, np.float32)
    how: dict[str, Callable[[Path], Any]] = {
        "missing": lambda path: path.unlink(),
        "truncated": lambda path: path.write_bytes(path.read_bytes()[:30]),
        "wrong rate": lambda path: soundfile.write(path, GUITAR[:FRAMES], 44_100),
        "nan": lambda path: soundfile.write(path, samples, RATE, subtype="FLOAT"),
        "text": lambda path: path.write_text("no audio at all\n" * 20),
        "empty": lambda path: path.write_bytes(b""),
        "unreadable": lambda path: path.chmod(0),
    }
    found = dict[str, str]()
    for k, path in enumerate(chosen):
        kind = KINDS[k % len(KINDS)]
        if kind == "unreadable" and _reads_everything():
            kind = "text"
        how[kind](path)
        found[path.stem] = kind
    return found


def command(job: Path, *options: str) -> list[str]:
    return [sys.executable, "-m", "namgraph", "batch", str(job), *options]


def run(job: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(job, *options), capture_output=True, text=True, check=False)


def run_killed(job: Path, items: int, kills: int, seed: int) -> list[int]:
    """Run a job; kill it ``kills`` times at random moments; return how far it was each time."""
    rng, far, output = random.Random(seed), list[int](), job.parent / "out"
    for _ in range(kills):
        before = len(list(output.rglob("*.wav")))
        stop = before + rng.randrange(1, max(2, (items - before) // 2))
        with subprocess.Popen(command(job), stderr=subprocess.DEVNULL) as process:
            while process.poll() is None and len(list(output.rglob("*.wav"))) < stop:
                try:
                    process.wait(POLL_S)
                except subprocess.TimeoutExpired:
                    continue
            process.kill()
        assert process.returncode == -9, "it had ended before"
        far.append(len(list(output.rglob("*.wav"))))
    return far


def contents(folder: Path) -> dict[str, bytes]:
    """Return the bytes of every file below a folder."""
    found = (p for p in folder.rglob("*") if p.is_file())
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in found}


def _reads_everything() -> bool:
    """Whether this process may read files without permission, as root may."""
    with tempfile.NamedTemporaryFile() as file:
        os.chmod(file.name, 0)
        return os.access(file.name, os.R_OK)


def main() -> None:
    """Run both at full size."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--items", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    home = Path(tempfile.mkdtemp())
    whole, broken = (prepare(home / name, given.items) for name in ("whole", "broken"))
    begun = time.monotonic()
    assert run(whole).returncode == 0
    print(f"unbroken: {given.items} files in {time.monotonic() - begun:.1f} s")
    print("killed with", run_killed(broken, given.items, 3, given.seed), "files there")
    assert run(broken).returncode == 0
    a, b = (contents(job.parent / "out") for job in (whole, broken))
    assert a == b
    assert len(a) == given.items + 2
    print(f"killed three times: {len(b)} files equal, manifest.json and manifest.csv among them")
    begun = time.monotonic()
    again = run(whole)
    print(f"second run: {time.monotonic() - begun:.1f} s: {again.stdout.strip()}")
    bad = spoil(whole.parent, 20, given.seed)
    shutil.rmtree(whole.parent / "out")
    done = run(whole)
    print(f"exit code {done.returncode}: {done.stdout.strip()}\n{done.stderr}")
    c = contents(whole.parent / "out")
    kept = {name for name in a if name.endswith(".wav") and name[-13:-9] not in bad}
    assert done.returncode == 1
    assert len(kept) == given.items - 20
    assert {name for name in c if name.endswith(".wav")} == kept
    assert all(c[name] == a[name] for name in kept)
    print(f"20 bad files: {len(kept)} files as before; {sorted(set(bad.values()))}")
    shutil.rmtree(home)


if __name__ == "__main__":
    main()
