"""Which nodes have a finite memory, and that of responses and models too long for the contract."""

import numpy as np
import pytest

import namgraph as ng
from namgraph.graph import Spec
from namgraph.nodes.testing.state import check_receptive_field

from ..reference import MODELS, needs_models
from .examples import examples
from .test_contract import TYPES

SPEC = Spec(48_000, 64)
FINITE = {
    "align", "blend", "cab", "cab_mics", "clipper", "gain", "mid_side", "mix", "nam", "nam_bank",
    "oversample", "pan", "pass_through", "split", "stereo_width",
}  # fmt: skip
"""Types of which an example has a finite memory."""


def test_who_has_a_finite_memory() -> None:
    nodes = [node for name in TYPES for node in examples(name)]
    nodes += [ng.Oversample(ng.Clipper()), ng.NamBank([ng.asset("crunch-wavenet.nam")])]
    assert {n.type_name for n in nodes if n.receptive_field(SPEC) is not None} == FINITE


@pytest.mark.parametrize("taps", [64, 65, 3_000, 25_000])  # no, one, two and three levels
def test_responses_of_every_number_of_levels(taps: int) -> None:
    noise = np.random.default_rng(taps).normal(size=taps)
    check_receptive_field(ng.Cab(noise, 48_000, mix=0.7))
    check_receptive_field(ng.CabMics(noise, rate=48_000, b_distance_cm=12.3))


def test_an_oversampled_curve() -> None:
    for times in (2, 4, 8):
        check_receptive_field(ng.Oversample(ng.Clipper(oversample=1), times=times))


@needs_models
@pytest.mark.parametrize("name", ["wavenet_a1_standard.nam"])
def test_a_real_model(name: str) -> None:
    node = ng.Nam(MODELS / name)
    assert node.receptive_field(SPEC) == 4095
    check_receptive_field(node)
    check_receptive_field(ng.Nam(MODELS / name, oversample=2))


def test_what_makes_it_unbounded() -> None:
    for node in (
        ng.StereoWidth(bass_mono_hz=100.0),
        ng.Blend(law="correlated"),
        ng.CabMics(np.ones(9), rate=48_000, low_cut_hz=90.0),
        ng.Nam(ng.asset("crunch-lstm.nam")),
        ng.Oversample(ng.Fuzz()),
    ):
        assert node.receptive_field(SPEC) is None
    model = ng.Nam(ng.asset("crunch-wavenet.nam"), resample=True)
    assert model.receptive_field(SPEC) is not None
    assert model.receptive_field(Spec(44_100, 64)) is None
