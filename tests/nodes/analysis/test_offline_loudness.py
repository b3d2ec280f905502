"""``ng.loudness`` again and again, at several rates and from several threads."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np

import namgraph as ng
from namgraph.nodes.analysis import offline_loudness


def sound(number: int) -> np.ndarray:
    rng = np.random.default_rng(number)
    size = (1 + number % 2, 9_000 + 7_919 * (number % 5))
    return (rng.standard_normal(size) * 10.0 ** (-number % 3)).astype(np.float32)


def measured(number: int) -> ng.LoudnessResult:
    return ng.loudness(sound(number), (44_100, 48_000)[number // 2 % 2])


def test_a_meter_that_is_used_again_starts_from_nothing() -> None:
    offline_loudness._idle.clear()
    first = []
    for number in range(20):
        first.append(measured(number))
        offline_loudness._idle.clear()  # a new engine each time
    again = [measured(number) for number in range(20)]
    assert offline_loudness._idle
    assert again == first
    assert len(set(map(repr, first))) == len(first)


def test_threads_do_not_share_a_meter() -> None:
    wanted = [measured(number) for number in range(16)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(measured, [*range(16)] * 5)) == wanted * 5


def test_few_meters_are_kept() -> None:
    for rate in range(40_000, 40_012):
        ng.loudness(sound(0), rate)
    assert list(offline_loudness._idle) == [(1, rate) for rate in range(40_004, 40_012)]
    held = [offline_loudness.LoudnessMeter(1, 40_011) for _ in range(10)]
    for meter in held:
        meter.result()
    assert len(offline_loudness._idle[1, 40_011]) == offline_loudness.MOST_IDLE
