"""What begins after a crossfade begins at its last frame, however the signal is cut into blocks."""

import numpy as np
import pytest

import namgraph as ng

from ..racks import noise

RATE, FADE = 48_000, 480


def rack(time_ms: float, gain_db: float = 0.0) -> ng.Graph:
    return ng.Graph.chain(
        gain=ng.Gain(gain_db=gain_db),
        echo=ng.Delay(time_ms=time_ms),
        kept=ng.Delay(time_ms=20.0, feedback=0.6),
    )


def played(cut: int, swaps: list[ng.Graph]) -> np.ndarray:
    """Swap every 99 frames from frame 1001 on, while blocks of ``cut`` frames are played."""
    engine = ng.Engine(rack(30.0), sample_rate=RATE, max_frames=512, fade_s=FADE / RATE)
    x, at, out = noise(6000), 0, []
    for number, graph in enumerate([*swaps, None]):
        end = 1001 + 99 * number if graph else len(x)
        while at < end:
            n = min(cut, end - at)
            out.append(engine.process(x[at : at + n]))
            at += n
        if graph:
            engine.swap(graph)
    return np.concatenate(out)


@pytest.mark.parametrize(
    "swaps",
    [
        [rack(30.0, -6.0), rack(30.0, -12.0)],  # the second waits for the first
        [rack(41.0)],  # an old echo plays on beside one that was handed over
    ],
)
def test_swaps_do_not_depend_on_blocks(swaps: list[ng.Graph]) -> None:
    whole = played(512, swaps)
    for cut in (7, 100):
        np.testing.assert_array_equal(played(cut, swaps), whole)
    assert not np.array_equal(played(512, swaps[:-1]), whole), "the last swap is heard"


def test_no_state_is_saved_behind_a_waiting_swap() -> None:
    x = np.ones(4_000, np.float32)
    e = ng.Engine(ng.Graph.chain(ng.Gain()), sample_rate=RATE, max_frames=64)
    e.swap(ng.Graph.chain(ng.Gain(gain_db=-3.0)))
    e.process(x[:10])
    e.swap(ng.Graph.chain(ng.Gain(gain_db=-6.0)))
    with pytest.raises(ng.EngineError, match="waits for the crossfade"):
        e.save_state()
    e.process(x)
    assert e.save_state().frame == e.frame
