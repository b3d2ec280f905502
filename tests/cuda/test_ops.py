"""Copy, add and clear kernels: results, and only the block's frames written."""

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
    emulate(so, entry, (CHANNELS, 2), kernel.threads, kernel.shared_bytes, args, seed=seed)


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


BUGS = {
    "copy": ("out[i] = in[i]", "out[i] += in[i]"),
    "add": ("gridDim.y * blockDim.x)", "blockDim.x)"),
    "clear": ("blockIdx.x * args.out_stride", "args.out_stride"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_planted_bug_is_found(kind: str) -> None:
    """And without it, none is."""
    right = operation(kind).source
    wrong = right.replace(*BUGS[kind])
    assert wrong != right
    built = build_all(common_text(), [wrong, right], f"device_{kind}")
    found = []
    for number in range(2):
        x, y = rows(SIGNAL), rows(SIGNAL * 3)
        launch(kind, Block(300), out=y, built=(built, f"device_{kind}{number}"), **{"in": x})
        wanted = {"copy": SIGNAL, "add": SIGNAL * 3 + SIGNAL, "clear": 0 * SIGNAL}[kind]
        found.append(np.array_equal(y[:, :300], wanted[:, :300]))
    assert found == [False, True]


def test_an_unknown_operation_is_refused() -> None:
    with pytest.raises(ValueError, match="no operation 'mix'"):
        operation("mix")
