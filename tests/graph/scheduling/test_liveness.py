import time

from hypothesis import given, strategies as st

from namgraph.graph import schedule, unshared_schedule
from namgraph.graph.scheduling.liveness import Life, share

from ..racks import SPEC, chain

lives = st.lists(
    st.builds(
        lambda a, b, kind: Life(min(a, b), max(a, b), kind),
        st.integers(-1, 12),
        st.integers(-1, 12),
        st.sampled_from("ms"),
    ),
    max_size=30,
)


@given(lives)
def test_values_alive_together_never_share(lives: list[Life]) -> None:
    buffers = share(lives)
    for v, a in enumerate(lives):
        for w, b in enumerate(lives[:v]):
            if buffers[v] == buffers[w]:
                assert a.kind == b.kind
                assert a.last < b.first or b.last < a.first


@given(lives)
def test_no_more_buffers_than_values_alive_at_once(lives: list[Life]) -> None:
    buffers = share(lives)
    assert set(buffers) == set(range(len(set(buffers))))
    for kind in "ms":
        used = {b for b, life in zip(buffers, lives, strict=True) if life.kind == kind}
        alive = [
            sum(life.kind == kind and life.first <= step <= life.last for life in lives)
            for step in range(-1, 13)
        ]
        assert len(used) <= max(alive)


def test_a_buffer_is_not_free_in_the_step_that_reads_it_last() -> None:
    assert share([Life(0, 1, "m"), Life(1, 2, "m"), Life(2, 3, "m")]) == [0, 1, 0]


def test_nothing_shares_nothing() -> None:
    assert share([]) == []


def test_a_long_chain_needs_two_buffers_beside_its_ends() -> None:
    assert len(schedule(chain(20), SPEC).buffers) == 4
    assert len(unshared_schedule(chain(20), SPEC).buffers) == 21


def test_a_hundred_thousand_values_take_no_time() -> None:
    many = [Life(i, i + 1 + i % 50, i % 3) for i in range(100_000)]
    start = time.perf_counter()
    share(many)
    assert time.perf_counter() - start < 5  # 0.2 s; quadratic would be an hour
