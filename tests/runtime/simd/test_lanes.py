"""Every vector instruction against NumPy, at every width."""

from typing import Any

import numpy as np
import pytest

from namgraph.graph import ParamError
from namgraph.runtime.native import host
from namgraph.runtime.simd.embed import embed
from namgraph.runtime.simd.lanes import Lanes, Value

from .emitting import WIDTHS, apply, compiled

every_width = pytest.mark.parametrize("width", WIDTHS)
SIGNAL = np.random.default_rng(1).uniform(-3, 3, 160).astype(np.float32)
NAN = np.float32(np.nan)

ONE_BY_ONE: dict[str, tuple[Any, Any]] = {
    "add": (lambda v, x: v.add(x, v.constant(1.5)), lambda x: x + np.float32(1.5)),
    "sub": (lambda v, x: v.sub(v.constant(1.5), x), lambda x: np.float32(1.5) - x),
    "mul": (lambda v, x: v.mul(x, x), lambda x: x * x),
    "div": (lambda v, x: v.div(v.constant(1.0), x), lambda x: np.float32(1) / x),
    "neg": (lambda v, x: v.neg(x), lambda x: -x),
    "abs": (lambda v, x: v.abs(x), abs),
    "min": (lambda v, x: v.min(x, v.constant(0.5)), lambda x: np.minimum(x, np.float32(0.5))),
    "max": (lambda v, x: v.max(x, v.constant(0.5)), lambda x: np.maximum(x, np.float32(0.5))),
    "nearest": (lambda v, x: v.nearest(x), np.rint),
    "where": (
        lambda v, x: v.where(v.above(x, v.constant(0.0)), x, v.constant(7.0)),
        lambda x: np.where(x > 0, x, np.float32(7)),
    ),
    "reversed": (
        lambda v, x: v.shuffle(x, x, range(v.width - 1, -1, -1)),
        None,
    ),
}


@every_width
@pytest.mark.parametrize("name", [n for n, (_, wanted) in ONE_BY_ONE.items() if wanted])
def test_arithmetic(name: str, width: int) -> None:
    operation, wanted = ONE_BY_ONE[name]
    np.testing.assert_array_equal(apply(name, operation, SIGNAL, width), wanted(SIGNAL))


@every_width
def test_fma_rounds_once_where_the_host_can(width: int) -> None:
    # (1 + e)^2 - 1 - 2e is e^2, which is lost when the product is rounded first.
    e = np.float32(2.0**-13)
    found = apply(
        "fma",
        lambda v, x: v.fma(x, x, v.constant(-1 - 2 * float(e))),
        np.full(16, 1 + e, np.float32),
        width,
    )
    wanted = float(e) ** 2 if host.fuses() else 0.0
    np.testing.assert_array_equal(found, np.float32(wanted))


@every_width
def test_fma_falls_back_to_two_roundings(width: int) -> None:
    e = np.float32(2.0**-13)

    def plain(lanes: Lanes, x: Value) -> Value:
        return Lanes(lanes.builder, width, fused=False).fma(x, x, lanes.constant(-1 - 2 * float(e)))

    found = apply("unfused", plain, np.full(16, 1 + e, np.float32), width)
    np.testing.assert_array_equal(found, np.float32(0))


@every_width
def test_nan_takes_the_second_operand(width: int) -> None:
    bad = np.full(16, NAN)
    for name in ("min", "max"):
        np.testing.assert_array_equal(apply(name, ONE_BY_ONE[name][0], bad, width), 0.5)
    kept = apply("max kept", lambda v, x: v.max(v.constant(0.5), x), bad, width)
    assert np.isnan(kept).all()


@every_width
def test_shuffles(width: int) -> None:
    rows = np.arange(16, dtype=np.float32)
    found = apply("reversed", ONE_BY_ONE["reversed"][0], rows, width)
    np.testing.assert_array_equal(found, rows.reshape(-1, width)[:, ::-1].ravel())
    found = apply("spread", lambda v, x: v.spread(x, 2), rows, width)
    np.testing.assert_array_equal(found, np.repeat(rows.reshape(-1, width)[:, 2], width))
    ramp = [float(n) for n in range(width)]
    found = apply("ramp", lambda v, x: v.add(x, v.constant(ramp)), 0 * rows, width)
    np.testing.assert_array_equal(found, np.tile(np.arange(width, dtype=np.float32), 16 // width))


@every_width
def test_total_adds_halves(width: int) -> None:
    found = apply("total", lambda v, x: v.splat(v.total(x)), SIGNAL, width)
    rows = SIGNAL.reshape(-1, width)
    while rows.shape[1] > 1:
        half = rows.shape[1] // 2
        rows = rows[:, :half] + rows[:, half:]
    np.testing.assert_array_equal(found, np.repeat(rows[:, 0], width))


@every_width
def test_first_lanes_touch_nothing_beyond(width: int) -> None:
    def emit(lanes: Lanes, x: Value, y: Value, count: Value) -> None:
        lanes.store_first(lanes.load_first(lanes.pointer(x), count), lanes.pointer(y), count)

    copy = compiled("first", emit, width).ctypes
    for count in range(width + 1):
        x, y = SIGNAL[:16].copy(), np.full(16, 9, np.float32)
        copy(x.ctypes.data, y.ctypes.data, count)
        np.testing.assert_array_equal(y[:count], x[:count])
        np.testing.assert_array_equal(y[count:], 9)


def test_loops_cells_and_conditions() -> None:
    def emit(lanes: Lanes, x: Value, y: Value, count: Value) -> None:
        """y[0] = the sum of the even-numbered x up to count, three times over."""
        source, target = lanes.pointer(x), lanes.pointer(y)
        total = lanes.cell(lanes.load_number(target))
        with lanes.loop(3), lanes.loop(count, step=2) as at:
            total.value = lanes.add(total.value, lanes.load_number(source, at))
        with lanes.when(lanes.builder.icmp_signed(">", count, lanes.index(4))):
            lanes.store_number(total.value, target)

    run = compiled("loops", emit, 4).ctypes
    x, y = np.arange(10, dtype=np.float32), np.full(1, 0.5, np.float32)
    run(x.ctypes.data, y.ctypes.data, 4)
    assert y[0] == 0.5, "the condition did not hold"
    run(x.ctypes.data, y.ctypes.data, 9)
    assert y[0] == 0.5 + 3 * (0 + 2 + 4 + 6 + 8)


def test_words() -> None:
    def emit(lanes: Lanes, x: Value, y: Value, count: Value) -> None:
        source, target = lanes.pointer(x), lanes.pointer(y)
        word = lanes.word(source, count)
        lanes.put_word(lanes.minus(lanes.times(word, 3), lanes.plus(1, word)), target, 1)

    x, y = np.array([5, 6, 7]), np.zeros(2, np.int64)
    compiled("words", emit, 4).ctypes(x.ctypes.data, y.ctypes.data, 2)
    assert y.tolist() == [0, 13]


def test_embedded_code_is_known_by_its_name() -> None:
    def emit(lanes: Lanes) -> None: ...

    one = embed("test.once", 0, emit, 4)
    assert embed("test.once", 0, emit, 4) is one
    assert embed("test.once", 0, emit, 8) is not one


class TestHost:
    def test_the_environment_decides(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for width in WIDTHS:
            monkeypatch.setenv("NAMGRAPH_LANES", str(width))
            assert host.host_lanes() == width
        monkeypatch.setenv("NAMGRAPH_LANES", "")
        assert host.host_lanes() in WIDTHS

    @pytest.mark.parametrize("bad", ["12", "wide", "-4", "0", "16.0"])
    def test_nonsense_is_refused(self, monkeypatch: pytest.MonkeyPatch, bad: str) -> None:
        monkeypatch.setenv("NAMGRAPH_LANES", bad)
        with pytest.raises(ParamError, match=rf"NAMGRAPH_LANES is '{bad}': must be 4, 8 or 16"):
            host.host_lanes()

    @pytest.mark.parametrize(
        ("features", "lanes"),
        [
            ({"avx512f", "avx2", "fma"}, 16),
            ({"avx2", "fma"}, 8),
            ({"avx2"}, 4),
            ({"sse4.2"}, 4),
            (set(), 4),
        ],
    )
    def test_features_decide(
        self, monkeypatch: pytest.MonkeyPatch, features: set[str], lanes: int
    ) -> None:
        monkeypatch.delenv("NAMGRAPH_LANES", raising=False)
        monkeypatch.setattr(host, "_features", lambda: frozenset(features))
        assert host.host_lanes() == lanes

    def test_registers(self) -> None:
        assert host.registers(16) == 32
        assert host.registers(8) in (16, 32)
