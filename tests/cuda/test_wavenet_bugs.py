"""Bugs planted in the WaveNet kernel: the tests must detect every one in the emulator.

Each is a change of the text that an editor's slip would make.  Some are caught only where threads
run in another order, or where copies come late: this is what the emulator has seeds for.
"""

import functools
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from namgraph.nodes.nam.cuda.wavenet import cuda_wavenet

from ..nodes.nam import oracle
from ..nodes.nam.shapes import fill, layer_array
from .streaming import Streaming, network_of, translated

SIGNAL = np.random.default_rng(12).uniform(-0.7, 0.7, 420).astype(np.float32)
CUTS = [5, 100, 63, 64, 130]
SEEDS = (1, 2, 3)
WAIT = "cp_wait<STAGES - 2>();"
START = "        __syncthreads();\n        // The host's memory is far away"
WARP = "    put(a, run.shared + run.exchange(), run.lane);\n    __syncwarp();"
HEAD = "    put(f, run.shared + run.exchange(), run.lane);\n    __syncwarp();"
KEEP = (
    "        move_past<false>(run, steps[run.step], run.stage, run.cursors(run.turn)[run.step]);\n"
)

BUGS = {
    "no barrier in a step": ("#ifdef CUDA_SHIM\n    __syncthreads();", "#ifdef CUDA_SHIM"),
    "no barrier at a tile's start": (START, START.replace("        __syncthreads();\n", "")),
    "no wait for copies": (WAIT, ""),
    "a wait for one group too few": (WAIT, "cp_wait<STAGES - 1>();"),
    "copies not closed as a group": (
        "    cp_commit();  // an empty group",
        "    // an empty group",
    ),
    "no wait for what stays": ("    cp_wait<STAGES - 1>();  // for what stays", "    //"),
    "no barrier of the warp in a layer": (WARP, WARP.replace("    __syncwarp();", "")),
    "no barrier of the warp in a head": (HEAD, HEAD.replace("    __syncwarp();", "")),
    "a ring read one column late": ("turned(cursor + row", "turned(cursor + 1 + row"),
    "a ring never turned": ("cursor >= length ? cursor - length : cursor", "cursor"),
    "a ring written one column off": (
        "turned(start + column, length)",
        "turned(start + column + 1, length)",
    ),
    "the past kept before the barrier": (
        "    " + WAIT,
        KEEP + "    " + WAIT,
    ),
    "the stage in use filled again": (
        "before(run.stage));",
        "run.stage);",
    ),
    "columns not aligned": ("return padded(channels) | 4;", "return padded(channels) + 3;"),
    "a barrier that not all come to": (
        KEEP,
        "        if (run.copier() < 8) __syncthreads();\n" + KEEP,
    ),
    "a lead one frame short": ("chunk > 0 ? WARM :", "chunk > 0 ? WARM - 1 :"),
    "chunks in the wrong slots": ("(block[1] + chunk) % slots", "chunk"),
    "a state not cleared": ("afresh ? STATE / 4", "afresh ? STATE / 8"),
    "a start too early left as it is": (
        "if (run.frames > 0) start(run);",
        "if (run.frames > 0 && slots > 1) start(run);",
    ),
    "cursors taken from anything": (
        "= sound ? static_cast<int>(cursor) : 0",
        "= static_cast<int>(cursor)",
    ),
    "inputs guessed beyond a page": (">> 12 == 0", ">> 12 >= 0"),
    "cursors not saved": (
        "run.state[CURSORS + i] = static_cast",
        "if (!i) run.state[CURSORS] = static_cast",
    ),
    "the next input over this one's": (
        "AT_HEARD + run.turn * TILE + run.thread] = driven",
        "AT_HEARD + run.thread] = driven",
    ),
    "columns after the last one kept": (
        "kept = min(run.frames, length)",
        "kept = min(TILE, length)",
    ),
    "a bad number not said": ("!finite(y)", "false"),
    "shared memory past its end": (
        "return AT_EXCHANGE + warp",
        "return SHARED - 8 + warp",
    ),
}

RIGHT = "none"
NAMES = [RIGHT, *BUGS]


@functools.cache
def device() -> Any:
    """Steps of both kinds, with rings shorter and longer than a tile; nothing fades out."""
    head = {"out_channels": 1, "kernel_size": 3, "bias": True, "head_dilation": 2}
    slow = {"activation": {"type": "LeakyReLU", "negative_slope": 0.7}}
    rows = [
        layer_array(8, [1, 66], head_size=4, head_bias=True, **slow),
        layer_array(4, [3], input_size=8, head=head, **slow),
    ]
    file = fill({"layers": rows, "head_scale": 0.5}, seed=3)
    return file, cuda_wavenet(network_of(file))


def planted(name: str) -> str:
    """The kernel's text with a bug, or without one."""
    source: str = device()[1].kernel.source
    if name == RIGHT:
        return source
    before, after = BUGS[name]
    assert source.count(before) == 1, f"{name}: there is no one place for it any more"
    return source.replace(before, after)


def entry(name: str) -> str:
    return f"wavenet_{NAMES.index(name)}"


@functools.cache
def together() -> tuple[Path, Path]:
    """Two libraries with half of the texts each: this is quicker than many with one."""
    halves = NAMES[::2], NAMES[1::2]
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(_library, halves)
    return first, second


def _library(names: list[str]) -> Path:
    call = "void __launch_bounds__(THREADS, BLOCKS) wavenet("
    texts = []
    for name in names:
        source = planted(name)
        assert source.count(call) == 1
        texts.append((entry(name), source.replace(call, call.replace("wavenet", entry(name)))))
    return translated(texts)


def check(name: str) -> None:
    """Raise AssertionError unless the kernel does all that it promises, in any order."""
    file, network = device()
    options: Any = {"so": together()[NAMES.index(name) % 2], "entry": entry(name)}
    wanted = oracle.play(file, SIGNAL)
    first = Streaming([network], seed=0, defer=False, **options)(SIGNAL)
    assert abs(first[0] - wanted).max() <= 3e-6 * abs(wanted).max()
    for seed in SEEDS:
        _check_cuts(Streaming([network], slots=3, seed=seed, **options), first)
        _check_alone(Streaming([network], seed=seed, **options), first)


def _check_cuts(playing: Streaming, wanted: Any) -> None:
    np.testing.assert_array_equal(playing.cut(SIGNAL, CUTS), wanted)
    past = np.zeros(0, np.float32)
    playing.first = 1
    playing.state[:] = np.nan
    found = [
        playing(SIGNAL[:360], past=past, chunks=2, chunk_frames=180),
        playing(SIGNAL[360:]),
    ]
    np.testing.assert_array_equal(np.concatenate(found, axis=1), wanted)
    np.testing.assert_array_equal(
        playing(SIGNAL[200:], past=SIGNAL[200 - playing.warm : 200]), wanted[:, 200:]
    )
    assert not playing.bad.any()
    bad = SIGNAL.copy()
    bad[10] = np.nan
    assert not playing(bad, past=past).any()
    assert playing.bad.all()


def _check_alone(playing: Streaming, wanted: Any) -> None:
    """With one slot, a start is made before it is known what from."""
    playing.state[:] = np.nan
    silence = np.zeros(0, np.float32)
    np.testing.assert_array_equal(playing(SIGNAL[:100], past=silence), wanted[:, :100])
    np.testing.assert_array_equal(playing(SIGNAL[100:130]), wanted[:, 100:130])
    past = SIGNAL[200 - playing.warm : 200]
    np.testing.assert_array_equal(playing(SIGNAL[200:], past=past), wanted[:, 200:])


def test_the_correct_kernel_passes() -> None:
    check(RIGHT)


@pytest.mark.parametrize("name", BUGS)
def test_a_planted_bug_is_detected(name: str) -> None:
    together()  # what does not compile is no bug caught
    with pytest.raises(AssertionError):
        check(name)
