"""Damage a cache of kernels in many ways, and use it: ``python -m namgraph.tests.fuzz.caches``.

Each damaged cache is used in a process of its own, forked from this one: it gets all kernels
ready, checks what they compute, and then finds every kernel whole on disk.  A process that dies,
hangs, computes anything else or finds less is a bug.  ``--only N`` shows what is done to cache N.
"""

import argparse
import os
import pickle
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numba.core import config

from namgraph.runtime.native.abi import NODE, Native, helper
from namgraph.runtime.native.disk_cache import source_key
from namgraph.runtime.native.pointers import channel
from namgraph.runtime.plan.kernels.buffer_operations import WIDTH, add, clear, copy

__all__ = ["build", "damage", "main", "run"]

HANG_S = 60
FRAMES = 16


@helper
def _squared(x: float) -> float:
    return x * x


def _square(state: int, ins: int, outs: int, frames: int) -> None:
    x, y = channel(ins, 0, frames), channel(outs, 0, frames)
    for i in range(frames):
        y[i] = _squared(x[i])


def _nothing(state: int, ins: int, outs: int, frames: int) -> None:
    pass


X = np.linspace(-1.0, 1.0, FRAMES, dtype=np.float32)
Y = np.linspace(0.5, 2.0, FRAMES, dtype=np.float32)
KERNELS: dict[Callable[..., None], Any] = {
    add.function: X + Y,
    copy.function: X,
    clear.function: np.zeros_like(X),
    _square: X * X,
}
"""And what each makes of X and Y."""


def use() -> int:
    """Get every kernel ready and run it; return how many came from disk."""
    found = 0
    for function, wanted in KERNELS.items():
        made = Native(function, NODE)
        x, y, state = X.copy(), Y.copy(), np.ones(1, WIDTH)
        ins, outs = (np.array([a.ctypes.data], np.int64) for a in (x, y))
        made.ctypes(state.ctypes.data, ins.ctypes.data, outs.ctypes.data, FRAMES)
        assert (y == wanted).all(), f"{function.__name__} computes something else"
        assert made._linked is not None
        found += made._linked.from_disk
    return found


def build(folder: Path) -> None:
    """Fill a folder with whole kernels."""
    source_key()  # once, here: the processes to be forked have it then, and Numba ready
    config.CACHE_DIR = str(folder / "none")
    _ = Native(_nothing, NODE).address
    if _apart(lambda: _used(folder, 0)) != 0:
        raise AssertionError("not even a new cache can be filled")


def _used(folder: Path, whole: int | None) -> None:
    config.CACHE_DIR = str(folder)
    os.environ["XDG_CACHE_HOME"] = str(folder / "none")
    warnings.simplefilter("error")
    found = use()
    assert whole is None or found == whole, f"{found} of {whole} kernels were found"
    assert use() == len(KERNELS), "what was damaged has not been replaced"


def damage(folder: Path, seed: int) -> list[str]:
    """Damage one to all of the files in a cache; return what was done."""
    chance, done = random.Random(seed), []
    files = sorted(p for p in folder.rglob("*.kernel") if "none" not in p.parts)
    for path in chance.sample(files, chance.choice([1, 1, 2, len(files)])):
        how = chance.choice(KINDS)
        how(path, chance)
        done.append(f"{how.__name__[1:]} {path.name}")
    return done


def _flip(path: Path, chance: random.Random) -> None:
    data = bytearray(_bytes(path))
    for _ in range(chance.choice([1, 1, 2, 100])):
        if data:
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    path.write_bytes(data)


def _overwrite(path: Path, chance: random.Random) -> None:
    data = bytearray(_bytes(path))
    start = chance.randrange(len(data) + 1)
    stop = min(len(data), start + chance.choice([1, 8, 512, 4096]))
    data[start:stop] = chance.choice([bytes(stop - start), chance.randbytes(stop - start)])
    path.write_bytes(data)


def _cut(path: Path, chance: random.Random) -> None:
    data = _bytes(path)
    path.write_bytes(data[: chance.choice([0, 1, 17, 49, chance.randrange(len(data) + 1)])])


def _lengthen(path: Path, chance: random.Random) -> None:
    path.write_bytes(_bytes(path) + chance.randbytes(chance.choice([1, 4096])))


def _remove(path: Path, chance: random.Random) -> None:
    path.unlink()


def _swap(path: Path, chance: random.Random) -> None:
    other = chance.choice(sorted(path.parents[1].rglob("*.kernel")))
    if other.is_file():
        mine, theirs = _bytes(path), _bytes(other)
        path.write_bytes(theirs)
        other.write_bytes(mine)


def _copy_other(path: Path, chance: random.Random) -> None:
    path.write_bytes(_bytes(chance.choice(sorted(path.parents[1].rglob("*.kernel")))))


def _pickled(path: Path, chance: random.Random) -> None:
    path.write_bytes(pickle.dumps(_Death()))


class _Death:
    def __reduce__(self) -> tuple[Any, tuple[int]]:
        return os._exit, (66,)


def _make_folder(path: Path, chance: random.Random) -> None:
    path.unlink()
    path.mkdir()
    if chance.random() < 0.5:
        (path / "inside").write_bytes(b"x")


def _link(path: Path, chance: random.Random) -> None:
    to = chance.choice([*sorted(path.parents[1].rglob("*.kernel")), Path("/dev/zero"), path])
    path.unlink()
    path.symlink_to(to)


def _pipe(path: Path, chance: random.Random) -> None:
    path.unlink()
    os.mkfifo(path)


def _lock(path: Path, chance: random.Random) -> None:
    path.chmod(0)


def _bytes(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() and not path.is_symlink() else b""


KINDS = [_flip] * 6 + [_overwrite] * 3 + [_swap] * 2
KINDS += [_cut, _lengthen, _remove, _copy_other, _pickled, _make_folder, _link, _pipe, _lock]


def _apart(work: Callable[[], None]) -> int:
    """Run ``work`` in a forked process; return its exit code, or minus the signal that ended it."""
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            signal.alarm(HANG_S)
            work()
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def run(first: int, count: int) -> dict[int, str]:
    """Use ``count`` damaged caches from number ``first`` on; return what went wrong, by number."""
    bugs = {}
    with tempfile.TemporaryDirectory(prefix="namgraph-caches-") as made:
        whole = Path(made) / "whole"
        build(whole)
        for seed in range(first, first + count):
            folder = Path(made) / str(seed)
            shutil.copytree(whole, folder)
            done = damage(folder, seed)
            code = _apart(lambda folder=folder: _used(folder, None))  # type: ignore[misc]
            if code:
                bugs[seed] = f"ended with {code} ({'; '.join(done)})"
            shutil.rmtree(folder)
    return bugs


def main() -> int:
    """Run as a command; 1 if anything was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000, help="caches (%(default)s)")
    parser.add_argument("--first", type=int, default=0, help="number of the first (%(default)s)")
    parser.add_argument("--only", type=int, help="one cache, and what is done to it")
    a = parser.parse_args()
    first, count = (a.first, a.count) if a.only is None else (a.only, 1)
    begun = time.monotonic()
    bugs = run(first, count)
    print(f"{count} damaged caches from number {first} in {time.monotonic() - begun:.0f} s")
    print(f"bugs: {len(bugs)}", *(f"  {seed}: {said}" for seed, said in bugs.items()), sep="\n")
    return 1 if bugs else 0


if __name__ == "__main__":
    sys.exit(main())
