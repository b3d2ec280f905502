"""Copy, add, clear and delay on a device: what they do, to which frames, in any cut."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from namgraph.runtime.cuda.ops import KINDS, common_text, operation

from .arguments import Block, OpArgs, filled, placed
from .emulator import build, build_all, emulate

CHANNELS, FRAMES, ROOM = 3, 600, 640
SIGNAL = np.random.default_rng(3).uniform(-1, 1, (CHANNELS, FRAMES)).astype(np.float32)


def launch(
    kind: str,
    block: Block,
    *,
    built: tuple[Path, str] | None = None,
    seed: int = 1,
    **fields: Any,
) -> None:
    kernel = operation(kind)
    names = [operation(k).entry for k in KINDS]
    so, entry = built or (build(kernel.source, names), kernel.entry)
    fields = {"channels": CHANNELS, "in_stride": ROOM, "out_stride": ROOM} | fields
    args = filled(OpArgs, block=block, **fields)
    emulate(so, entry, (CHANNELS,), kernel.threads, kernel.shared_bytes, args, seed=seed)


def rows(values: Any) -> Any:
    made = placed(np.full((CHANNELS, ROOM), 77.0))
    made[:, : np.shape(values)[1]] = values
    return made


@pytest.mark.parametrize("frames", [0, 1, 128, 600])
@pytest.mark.parametrize("kind", ["copy", "add", "clear"])
def test_only_the_frames_of_the_block_are_touched(kind: str, frames: int) -> None:
    x, y = rows(SIGNAL), rows(SIGNAL * 3)
    launch(kind, Block(frames), out=y, **{"in": x})
    wanted = {"copy": SIGNAL, "add": SIGNAL * 3 + SIGNAL, "clear": 0 * SIGNAL}[kind]
    np.testing.assert_array_equal(y[:, :frames], wanted[:, :frames])
    np.testing.assert_array_equal(y[:, frames:], rows(SIGNAL * 3)[:, frames:])


def late(signal: Any, length: int) -> Any:
    return np.pad(signal, ((0, 0), (length, 0)))[:, : signal.shape[1]]


def delayed(length: int, cuts: Sequence[int], signal: Any = SIGNAL, **how: Any) -> Any:
    """Delay a signal block by block, in memory that is no numbers at first."""
    ring = placed(np.full(CHANNELS * length + 1, np.nan))
    made, done = [np.zeros((CHANNELS, 0))], 0
    while done < signal.shape[1]:
        frames = min(cuts[(len(made) - 1) % len(cuts)], signal.shape[1] - done)
        block = Block(frames, replay=0 if len(made) == 1 else -1)
        x, y = rows(signal[:, done : done + frames]), rows(np.zeros((CHANNELS, 0)))
        launch("delay", block, ring=ring, length=length, out=y, **{"in": x}, **how)
        assert (y[:, frames:] == 77).all()
        made.append(y[:, :frames])
        done += frames
    return np.concatenate(made, axis=1)


CUTS = [(600,), (64,), (1, 0, 130, 7), (300, 299, 1)]


@pytest.mark.parametrize("cuts", CUTS)
@pytest.mark.parametrize("length", [0, 1, 50, 129, 300, 599, 601])
def test_a_delay_is_the_same_in_any_cut(length: int, cuts: Sequence[int]) -> None:
    for seed in (0, 1, 2):
        found = delayed(length, cuts, seed=seed)
        np.testing.assert_array_equal(found, late(SIGNAL, length))


def test_a_fresh_start_forgets() -> None:
    ring = placed(np.full(CHANNELS * 50 + 1, np.nan))
    for _ in range(2):
        x, y = rows(SIGNAL), rows(SIGNAL)
        launch("delay", Block(60, replay=0), ring=ring, length=50, out=y, **{"in": x})
        np.testing.assert_array_equal(y[:, :60], late(SIGNAL[:, :60], 50))


BUGS = [
    ("start + i < length ? start + i : start + i - length", "(start + i) % (length - 1)"),
    ("i < length ? ring[at]", "i <= length ? ring[at]"),
    ("+ frames) % length", ") % length"),
    ("args.channels - 1)", "0)"),
    ("frames - kept + i", "i"),
    ("ring[i] = 0.f", "ring[i] *= 0.f"),
]


@pytest.mark.parametrize("number", range(len(BUGS) + 1))
def test_a_planted_bug_is_found(number: int) -> None:
    """And in the kernel after the last, which has none, none is."""
    right = operation("delay").source
    texts = [*(right.replace(*bug) for bug in BUGS), right]
    assert len(set(texts)) == len(texts)
    built = build_all(common_text(), texts, "device_delay"), f"device_delay{number}"
    wanted = late(SIGNAL, 50)
    found = [delayed(50, (64, 20, 1), built=built, seed=seed) for seed in (1, 2)]
    same = all(np.array_equal(one, wanted) for one in found)
    assert same == (number == len(BUGS))


def test_an_unknown_operation_is_refused() -> None:
    with pytest.raises(ValueError, match="no operation 'mix'"):
        operation("mix")
