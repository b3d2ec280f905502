"""Kernels that must be refused, and similar ones that must be accepted.

Each function in ``REFUSED`` has one line with a comment ``here: WORD``: the error names that line,
and its message contains WORD.  They are plain functions: the tests make kernels of them.
"""

import math
from collections.abc import Callable

import numba
import numpy as np

import namgraph as ng

Kernel = Callable[[int, int, int, int], None]
REFUSED: list[Kernel] = []
ALLOWED: list[Kernel] = []
TABLE = np.sin(np.arange(64)).astype(np.float32)
STATE = np.dtype([("step", np.int64), ("x", np.float64)])


def refused(function: Kernel) -> Kernel:
    REFUSED.append(function)
    return function


def allowed(function: Kernel) -> Kernel:
    ALLOWED.append(function)
    return function


@numba.njit  # type: ignore[untyped-decorator]
def njit_allocates(n: int) -> float:
    return float(np.zeros(n)[0])


@numba.njit  # type: ignore[untyped-decorator]
def njit_raises(n: int) -> int:
    if n > 10:
        raise ValueError("many")
    return n


@numba.njit("float64(float64)")  # type: ignore[untyped-decorator]
def njit_divides(n: float) -> float:
    return 1.0 / n  # compiled at once, and so that a division by zero raises


@numba.njit  # type: ignore[untyped-decorator]
def njit_computes(x: float) -> float:
    return math.sin(x) * 2.0


@ng.helper
def helper_allocates(n: int) -> float:
    z = np.empty(n)  # here: allocates
    return float(z[0])


@ng.helper
def helper_raises(n: int) -> int:
    if n > 3:
        raise ValueError(n)  # here: raise
    return n


@ng.helper
def helper_divides(n: float) -> float:
    return 1.0 / n


@refused
def makes_an_array(state: int, ins: int, outs: int, frames: int) -> None:
    y = ng.channel(outs, 0, frames)
    z = np.zeros(frames, np.float32)  # here: allocates
    for i in range(frames):
        y[i] = z[frames - 1 - i]


@refused
def calls_njit_that_allocates(state: int, ins: int, outs: int, frames: int) -> None:
    y = ng.channel(outs, 0, frames)
    y[0] = njit_allocates(frames)  # here: allocates


@refused
def calls_njit_that_raises(state: int, ins: int, outs: int, frames: int) -> None:
    ng.channel(outs, 0, frames)[0] = njit_raises(frames)  # here: raise


@refused
def calls_njit_that_divides(state: int, ins: int, outs: int, frames: int) -> None:
    ng.channel(outs, 0, frames)[0] = njit_divides(float(frames))  # here: ng.helper


@refused
def calls_a_helper_that_allocates(state: int, ins: int, outs: int, frames: int) -> None:
    ng.channel(outs, 0, frames)[0] = helper_allocates(frames)


@refused
def calls_a_helper_that_raises(state: int, ins: int, outs: int, frames: int) -> None:
    ng.channel(outs, 0, frames)[0] = helper_raises(frames)


@refused
def prints(state: int, ins: int, outs: int, frames: int) -> None:
    print(frames)  # here: interpreter


@refused
def raises(state: int, ins: int, outs: int, frames: int) -> None:
    if frames > 4096:
        raise ValueError  # here: raise


@refused
def asserts(state: int, ins: int, outs: int, frames: int) -> None:
    assert frames < 10  # here: raise


@refused
def raises_and_catches(state: int, ins: int, outs: int, frames: int) -> None:
    y = ng.channel(outs, 0, frames)
    try:
        if frames > 3:
            raise ValueError("many")  # here: raise
        y[0] = 1.0
    except Exception:
        y[0] = 2.0


@refused
def appends(state: int, ins: int, outs: int, frames: int) -> None:
    made = []  # here: allocates
    for i in range(frames):
        made.append(i)  # noqa: PERF402
    ng.channel(outs, 0, frames)[0] = made[frames - 1]


@refused
def comprehends(state: int, ins: int, outs: int, frames: int) -> None:
    y = ng.channel(outs, 0, frames)
    y[0] = [float(i) for i in range(frames)][0]  # noqa: RUF015  # here:


@refused
def looks_up(state: int, ins: int, outs: int, frames: int) -> None:
    y = ng.channel(outs, 0, frames)
    made = {1: 2, frames: 3}
    y[0] = made[1]


@refused
def formats(state: int, ins: int, outs: int, frames: int) -> None:
    text = f"{frames}"  # here: allocates
    ng.channel(outs, 0, frames)[0] = len(text)


@refused
def solves(state: int, ins: int, outs: int, frames: int) -> None:
    ng.channel(outs, 0, frames)[0] = np.linalg.det(np.eye(3))


@refused
def steps_by_what_may_be_zero(state: int, ins: int, outs: int, frames: int) -> None:
    s, y = ng.record(state, STATE), ng.channel(outs, 0, frames)
    for i in range(0, frames, s.step):  # here: raise
        y[i] = 0.0


@refused
def slices_by_what_may_be_zero(state: int, ins: int, outs: int, frames: int) -> None:
    s, y = ng.record(state, STATE), ng.channel(outs, 0, frames)
    part = TABLE[0 : 10 : s.step]  # here: references
    y[0] = part[0]


@refused
def draws(state: int, ins: int, outs: int, frames: int) -> None:
    ng.channel(outs, 0, frames)[0] = np.random.random()  # noqa: NPY002  # here: interpreter


@refused
def leaves_nopython_mode(state: int, ins: int, outs: int, frames: int) -> None:
    with numba.objmode(v="float64"):  # here: with
        v = float(frames)
    ng.channel(outs, 0, frames)[0] = v


@refused
def multiplies_an_array(state: int, ins: int, outs: int, frames: int) -> None:
    y = ng.channel(outs, 0, frames)
    louder = TABLE * np.float32(2.0)  # here: allocates
    y[0] = louder[frames % 64]


@refused
def indexes_a_tuple(state: int, ins: int, outs: int, frames: int) -> None:
    three = (1.0, 2.0, 3.0)
    ng.channel(outs, 0, frames)[0] = three[frames]  # here: raise


@refused
def divides_complex_numbers(state: int, ins: int, outs: int, frames: int) -> None:
    z = complex(float(frames), 1.0) / complex(0.0, float(frames))  # here: raise
    ng.channel(outs, 0, frames)[0] = z.real


@refused
def names_nothing(state: int, ins: int, outs: int, frames: int) -> None:
    no_such_thing(frames)  # type: ignore[name-defined]  # noqa: F821  # here: no_such_thing


@allowed
def reads_a_table(state: int, ins: int, outs: int, frames: int) -> None:
    y = ng.channel(outs, 0, frames)
    for i in range(frames):
        y[i] = TABLE[i % 64]


@allowed
def divides(state: int, ins: int, outs: int, frames: int) -> None:
    s, y = ng.record(state, STATE), ng.channel(outs, 0, frames)
    y[0] = 1.0 / s.x + frames // 3 + s.x % 3.0 + helper_divides(s.x)


@allowed
def calls_njit(state: int, ins: int, outs: int, frames: int) -> None:
    ng.channel(outs, 0, frames)[0] = njit_computes(float(frames))


@allowed
def counts_down(state: int, ins: int, outs: int, frames: int) -> None:
    y = ng.channel(outs, 0, frames)
    for i in range(frames - 1, -1, -1):
        y[i] = 1.0


@allowed
def computes(state: int, ins: int, outs: int, frames: int) -> None:
    y, v = ng.channel(outs, 0, frames), float(frames)
    y[0] = math.sin(v) + math.cos(v) + math.tan(v) + math.exp(v) + math.log(v) + math.sqrt(v)
    y[1] = math.tanh(v) + math.atan2(v, 2.0) + math.pow(v, 0.3) + math.erf(v) + math.gamma(v)
    y[2] = np.cbrt(v) + np.exp2(v) + math.ldexp(v, 3) + math.frexp(v)[0] + np.hypot(v, 1.0)
    y[3] = min(v, 2.0) + max(v, 3.0) + round(v) + abs(v) + v % 3.0 + v // 2.0 + frames**2
