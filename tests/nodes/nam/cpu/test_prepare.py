"""Kernels compiled ahead of time are those that models use."""

import pytest

from namgraph.nodes.nam.cpu.prepare import common_kernels
from namgraph.nodes.nam.precision import model_for
from namgraph.runtime.native.abi import natives

from .. import nets
from ..features import CASES
from ..playing import Playing, parse

MODELS = [*map(nets.a1, nets.A1), nets.a2(3), nets.a2(8), nets.lstm(16, 1), nets.lstm(8, 2)]
RARE = [case for name, case in CASES.items() if name.startswith(("conv", "head1x1", "Conv"))]


@pytest.mark.parametrize("model", MODELS + RARE)
def test_models_need_no_other_kernels(model: object) -> None:
    common_kernels()
    known = natives()
    Playing(parse(model))
    assert natives() == known


@pytest.mark.parametrize("model", [*map(nets.a1, nets.A1)])
def test_nor_do_fast_ones(model: object) -> None:
    exact = set(common_kernels())
    common_kernels(precision="fast")
    known = natives()
    fast = model_for(parse(model), "fast")
    assert fast.network != parse(model).network
    Playing(fast)
    assert natives() == known
    assert exact < set(common_kernels(precision="fast"))


def test_each_kernel_is_named_once() -> None:
    made = common_kernels()
    assert len(set(made)) == len(made)
    assert all(kernel in natives() for kernel in made)
