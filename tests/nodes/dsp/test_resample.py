"""Resampling: pass band, stop band, latency, block sizes."""

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from numba import types

from namgraph.graph import ParamError
from namgraph.nodes.dsp.resample import rates, resampled
from namgraph.nodes.dsp.resample_filter import edges
from namgraph.nodes.testing import same_bits
from namgraph.runtime.native.abi import kernel, native
from namgraph.runtime.native.pointers import call_node, copy_bytes, record
from namgraph.runtime.plan.arena import Arena, Memory

Signal = Any
Resampler = Callable[[Signal, Signal], tuple[Signal, Signal]]
"""From a stream and what the inner kernel shall answer, to what it is given and the output."""

REJECTION_DB = -100.0
RIPPLE_DB = 0.01
EXACT = 1e-5
"""Of a sine's amplitude: how far the way there and back may be from a plain delay."""
COMMON = [44_100, 48_000, 88_200, 96_000, 192_000]
PAIRS = [(a, b) for a in COMMON for b in COMMON if a != b and {a, b} & {44_100, 48_000}]
every_pair = pytest.mark.parametrize(("stream", "inner"), PAIRS)

TAPE = np.dtype([(name, np.int64) for name in ("position", "given", "answer", "loop")])
i64 = types.int64


@kernel
def _tape(state: int, ins: int, outs: int, frames: int) -> None:
    """Keep what is given; answer with what was laid down, or with what is given."""
    s = record(state, TAPE)
    at = 4 * s.position
    copy_bytes(s.given + at, ins, 4 * frames)
    copy_bytes(outs, ins if s.loop else s.answer + at, 4 * frames)
    s.position += frames


@native(types.void(i64, i64, i64, i64, i64))
def _play(function: int, state: int, x: int, y: int, frames: int) -> None:
    call_node(function, state, x, y, np.int32(frames))


class Between:
    """A tape recorder between two resamplers."""

    def __init__(self, stream: float, inner: float, frames: int, answer: Signal | None = None):
        memory, self.rates = Memory(), rates(stream, inner)
        room = math.ceil(frames * inner / stream) + 1
        laid = np.zeros(room, np.float32)
        if answer is not None:
            laid[: answer.size] = answer[:room]
        self._given = memory.scratch(room)
        tape = memory.record(
            TAPE, given=self._given, answer=memory.constant(laid), loop=int(answer is None)
        )
        self._kernel, self._record = resampled(memory, self.rates, _tape, tape)
        self.arena = Arena([memory])

    def __call__(self, signal: Signal, cuts: Sequence[int] = (64,)) -> Signal:
        """Play in blocks as long as ``cuts`` say; the last goes on."""
        x = np.ascontiguousarray(signal, np.float32)
        y, done, lengths = np.full(x.size, 77, np.float32), 0, list(cuts)
        while done < x.size:
            count = min(lengths.pop(0) if len(lengths) > 1 else lengths[0], x.size - done)
            places = (x.ctypes.data + 4 * done, y.ctypes.data + 4 * done)
            _play.ctypes(self._kernel.address, self._record.address, *places, count)
            done += count
        return y

    @property
    def given(self) -> Signal:
        return self._given.content


def ours(stream: float, inner: float) -> Resampler:
    def run(signal: Signal, answer: Signal) -> tuple[Signal, Signal]:
        made = Between(stream, inner, signal.size, answer)
        y = made(signal)
        return made.given, y

    return run


def cubic(stream: float, inner: float) -> Resampler:
    """Catmull and Rom's interpolation, no filter: what the NAM plugin does to responses."""

    def bring(x: Signal, rate: float, wanted: float) -> Signal:
        at = np.arange(int((x.size - 4) * wanted / rate)) * rate / wanted
        n, f = at.astype(int), at % 1.0
        a, b, c, d = (x[n + k].astype(np.float64) for k in range(4))
        return b + 0.5 * f * (c - a + f * (2 * a - 5 * b + 4 * c - d + f * (3 * (b - c) + d - a)))

    return lambda signal, answer: (bring(signal, stream, inner), bring(answer, inner, stream))


def sine(hertz: float, rate: float, frames: int, late: float = 0.0) -> Signal:
    return np.sin(2.0 * np.pi * hertz * (np.arange(frames) - late) / rate)


def share(x: Signal, hertz: float, rate: float) -> float:
    """The amplitude of a sine of whole periods' worth of a settled signal."""
    turn = np.exp(-2j * np.pi * hertz * np.arange(x.size) / rate)
    return float(2.0 * abs(np.mean(x * turn)))


def settled(x: Signal, rate: float) -> Signal:
    """A tenth of a second from the middle: whole periods of multiples of 10 Hz."""
    count = round(rate / 10)
    begin = (x.size - count) // 2
    return x[begin : begin + count].astype(np.float64)


def db(amplitude: float) -> float:
    return 20.0 * math.log10(max(amplitude, 1e-12))


def leaks(stream: float, inner: float, make: Resampler) -> float:
    """The most, in dB of a tone, that comes out where nothing of the tone belongs.

    Tones up to the end of either side's band go in at that side.  What belongs on the other side
    is the tone itself, if it lies below half the lower rate; images and aliases do not.
    """
    worst = -240.0
    lower, frames = min(stream, inner), round(stream * 0.2)
    for side, rate in enumerate((stream, inner)):
        other = (inner, stream)[side]
        for hertz in np.linspace(100, rate / 2 - 50, 30).round(-1):
            tone = sine(hertz, rate, math.ceil(frames * rate / stream))
            quiet = np.zeros(math.ceil(frames * other / stream) + 1)
            found = make(tone, quiet)[0] if side == 0 else make(quiet, tone)[1]
            rest = settled(found, other)
            if hertz < lower / 2:
                turn = 2.0 * np.pi * hertz * np.arange(rest.size) / other
                basis = np.stack([np.cos(turn), np.sin(turn)], axis=1)
                rest = rest - basis @ np.linalg.lstsq(basis, rest, rcond=None)[0]
            worst = max(worst, db(float(np.sqrt(2.0 * np.mean(rest**2)))))
    return worst


def ripple(stream: float, inner: float, make: Resampler) -> float:
    """The most, in dB, by which a tone of the pass band comes out louder or softer, each way."""
    worst, frames = 0.0, round(stream * 0.2)
    end = edges(min(stream, inner))[0]
    for hertz in [*np.linspace(100, end, 25).round(-1), end // 10 * 10]:
        tone = sine(hertz, stream, frames)
        answer = sine(hertz, inner, math.ceil(frames * inner / stream) + 1)
        given_, out = make(tone, answer)
        for x, rate in ((given_, inner), (out, stream)):
            worst = max(worst, abs(db(share(settled(x, rate), hertz, rate))))
    return worst


@pytest.mark.slow
@every_pair
def test_nothing_is_mirrored_or_folded(stream: int, inner: int) -> None:
    assert leaks(stream, inner, ours(stream, inner)) < REJECTION_DB


@pytest.mark.slow
@every_pair
def test_the_pass_band_is_flat(stream: int, inner: int) -> None:
    assert edges(min(stream, inner))[0] >= 19_999
    assert ripple(stream, inner, ours(stream, inner)) < RIPPLE_DB


@pytest.mark.parametrize(("stream", "inner"), [(44_100, 48_000), (96_000, 48_000)])
def test_a_cubic_interpolator_fails_both(stream: int, inner: int) -> None:
    assert leaks(stream, inner, cubic(stream, inner)) > -40.0
    assert ripple(stream, inner, cubic(stream, inner)) > 0.5


@every_pair
def test_latency_is_exact_at_every_frequency(stream: int, inner: int) -> None:
    frames = stream // 5
    made = rates(stream, inner)
    for hertz in (50, 997, 7_000, 15_000, 19_500):
        out = Between(stream, inner, frames)(sine(hertz, stream, frames))
        wanted = sine(hertz, stream, frames, late=made.latency)
        after = slice(3 * made.latency, None)
        assert np.abs(out - wanted)[after].max() < EXACT
        off = sine(hertz, stream, frames, late=made.latency + 0.01)
        assert np.abs(out - off)[after].max() > EXACT or hertz < 100


@pytest.mark.parametrize(
    ("stream", "inner", "latency"),
    [(44_100, 48_000, 159), (48_000, 44_100, 172), (96_000, 48_000, 177), (48_000, 96_000, 89)],
)
def test_latency_is_what_is_written(stream: int, inner: int, latency: int) -> None:
    assert rates(stream, inner).latency == latency


def test_what_stands_still_is_not_touched() -> None:
    out = Between(44_100, 48_000, 4_000)(np.full(4_000, 0.25))
    np.testing.assert_allclose(out[1_000:], 0.25, rtol=3e-7)


@functools.lru_cache(maxsize=8)
def one_by_one(stream: int, inner: int) -> tuple[Signal, Signal]:
    noise = np.random.default_rng(inner).normal(0.0, 0.3, 2_000).astype(np.float32)
    return noise, Between(stream, inner, noise.size)(noise, [1])


@settings(max_examples=2 * settings().max_examples)
@given(
    pair=st.sampled_from([(44_100, 48_000), (48_000, 44_100), (96_000, 48_000), (48_000, 768_000)]),
    cuts=st.lists(st.integers(1, 300), min_size=1, max_size=12),
)
def test_cuts_change_no_bit(pair: tuple[int, int], cuts: list[int]) -> None:
    noise, wanted = one_by_one(*pair)
    found = Between(*pair, noise.size)(noise, cuts)
    same_bits(found, wanted)


@settings(max_examples=2 * settings().max_examples)
@given(stream=st.integers(8, 1_920), inner=st.integers(8, 1_920))
def test_any_two_rates_are_a_delay_or_are_refused(stream: int, inner: int) -> None:
    rate, wanted = 100 * stream, 100 * inner
    try:
        made = rates(rate, wanted)
    except ParamError as error:
        assert f"{rate} Hz to {wanted} Hz" in str(error)  # noqa: PT017
        return
    frames = 4 * made.latency
    hertz = edges(min(rate, wanted))[0] / 3
    out = Between(rate, wanted, frames)(sine(hertz, rate, frames))
    late = sine(hertz, rate, frames, late=made.latency)
    np.testing.assert_allclose(out[2 * made.latency :], late[2 * made.latency :], atol=2 * EXACT)


@pytest.mark.parametrize(
    ("stream", "inner", "said"),
    [
        (44_100.5, 48_000, "44100.5 Hz to 48000 Hz and back: rates must be whole numbers"),
        (44_101, 48_000, "44101 Hz to 48000 Hz and back: their ratio is 48000/44101"),
        (192_000, 8_000, "192000 Hz to 8000 Hz and back: at most 16 apart"),
    ],
)
def test_what_cannot_be_is_refused_with_both_rates(stream: float, inner: float, said: str) -> None:
    with pytest.raises(ParamError, match=said):
        rates(stream, inner)
