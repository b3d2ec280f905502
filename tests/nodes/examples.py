"""Nodes to test: one or more of every type.

A node that can be made without arguments needs no entry here; one that reads a file does.  Add an
entry too where the node as it comes cannot be heard at once, or has options worth testing.
"""

import functools
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from namgraph.graph import Node, node_types
from namgraph.nodes import (
    Align,
    Blend,
    Cab,
    CabMics,
    Chorus,
    Click,
    Clipper,
    Compressor,
    Constant,
    Crossover,
    Curve,
    DcBlock,
    Delay,
    Drive,
    Filter,
    Flanger,
    Fuzz,
    Gain,
    Gate,
    GraphicEq,
    Lfo,
    Limiter,
    Looper,
    Meter,
    MidSide,
    Mix,
    Nam,
    NamBank,
    Octaver,
    Oversample,
    Pan,
    ParametricEq,
    Phaser,
    PitchShift,
    Random,
    Reverb,
    Rotary,
    Split,
    Step,
    StereoWidth,
    ToneStack,
    Tremolo,
    Vibrato,
    Wah,
)
from namgraph.nodes.testing.harness import changed

from .example_files import impulse_response, levelled, models

EXAMPLES: dict[str, Callable[[Path], Sequence[Node]]] = {
    "align": lambda folder: [Align(), Align(frames=17, invert=True)],
    "blend": lambda folder: [
        Blend(position=0.3),
        Blend(law="linear", invert_b=True, delay_ms=-0.2),
        Blend(law="correlated", delay_ms=1.0),
    ],
    "cab": lambda folder: [
        Cab(impulse_response(folder, 1, 100), mix=0.8),
        Cab(impulse_response(folder, 2, 900)),
    ],
    "cab_mics": lambda folder: [
        CabMics(impulse_response(folder, 1, 100), impulse_response(folder, 2, 900), a_pan=0.3),
        CabMics(impulse_response(folder, 1, 100), b_distance_cm=3.0, low_cut_hz=100.0),
        CabMics(impulse_response(folder, 2, 900), to_stereo=False, b_invert=True, a_db=3.0),
    ],
    "constant": lambda folder: [Constant(value=0.5)],
    "curve": lambda folder: [Curve(((0.0, 0.3), (0.01, -0.5), (0.02, 1.0))), Curve(mode="step")],
    "crossover": lambda folder: [
        Crossover(),
        Crossover(2, slope=12, f1_hz=900.0),
        Crossover(3, slope=48, f2_hz=3_000.0),
        Crossover(4, f1_hz=300.0),
        Crossover(4, slope=48, f3_hz=5_000.0),
    ],
    "compressor": lambda folder: [
        Compressor(key_low_hz=200.0, link=False),
        Compressor(style="fet", sidechain=True, auto_makeup=True, lookahead_ms=1.0),
        Compressor(style="opto", detector="opto", mix=0.7, sidechain="mono"),
        Compressor(detector="rms", makeup_db=6.0),
    ],
    "clipper": lambda folder: [
        Clipper(drive_db=12.0, curve="tanh"),
        Clipper(drive_db=20.0, curve="fold", softness=0.5, oversample=1, adaa=0),
        Clipper(curve="asinh", softness=0.0, quality="live", drive_db=30.0),
        Clipper(curve="cubic", oversample=8, adaa=0, ceiling_db=-3.0),
    ],
    "click": lambda folder: [Click(), Click(beats_per_bar=1, level_db=-6.0)],
    "chorus": lambda folder: [
        Chorus(delay_ms=2.0, mix=1.0, rate_hz=3.0),
        Chorus(delay_ms=1.0, depth_ms=3.0, feedback=0.6, voices=4, shape="triangle"),
        Chorus(delay_ms=3.0, feedback=-0.5, character="bbd", to_stereo=True),
    ],
    "dc_block": lambda folder: [DcBlock()],
    "delay": lambda folder: [
        Delay(time_ms=1.0, feedback=0.9, mix=1.0),
        Delay(time_ms=0.777, feedback=0.5, mix=0.5, damping_hz=3000),
        Delay(time_ms=0.01, feedback=0.6),
        Delay(
            time_ms=9.0, routing="ping_pong", character="tape", sync="1/64t", mix=1.0, duck_db=6.0
        ),
        Delay(time_ms=6.0, routing="mono", character="bbd", glide="fade", taps=4, mod_depth_ms=1.0),
    ],
    "drive": lambda folder: [
        Drive(),
        Drive(drive=1.0, clip="germanium", volts=4.36),
        Drive(clip="led", quality="live", tone=0.9),
        Drive(clip="asymmetric", low_cut_hz=100.0),
    ],
    "filter": lambda folder: [
        Filter(low_cut_hz=300.0, high_cut_hz=3_000.0),
        Filter(family="linkwitz_riley", low_slope=36, high_slope=48, low_cut_hz=100.0),
        Filter(family="bessel", low_slope=18, high_slope="off", design="bilinear"),
        Filter(low_slope="off", high_slope=6, high_cut_hz=1_000.0),
        Filter(low_slope="off", high_slope="off"),
    ],
    "flanger": lambda folder: [
        Flanger(delay_ms=0.5, rate_hz=5.0),
        Flanger(through_zero=True, invert=True, width_ms=2.0, feedback=-0.8, mix=0.4),
    ],
    "fuzz": lambda folder: [
        Fuzz(),
        Fuzz(model="muff", bias=0.3, fuzz=1.0),
        Fuzz(model="octave", quality="live", tone=0.9),
        Fuzz(bias=0.1, low_cut_hz=200.0),
    ],
    "gain": lambda folder: [Gain(gain_db=-6.0)],
    "gate": lambda folder: [
        Gate(sidechain=True),
        Gate(threshold_db=-6.0, lookahead_ms=0.5),
        Gate(  # the level of noise, which goes up and down by 0.2 dB, is at the threshold
            threshold_db=-0.4,
            hysteresis_db=0.0,
            hold_ms=0.0,
            release_ms=2.0,
            key_low_hz=20.0,
            key_high_hz=20_000.0,
        ),
        Gate(threshold_db=-6.0, mode="nam", link=False, sidechain="mono"),
    ],
    "lfo": lambda folder: [Lfo(), Lfo(sync="1/64")],
    "limiter": lambda folder: [Limiter(), Limiter(true_peak="off", lookahead_ms=0.2, link=False)],
    "looper": lambda folder: [  # what it records in 1024 frames it plays, too
        Looper(transport=1, max_s=0.01),
        Looper(transport=3, max_s=0.011, decay=0.5, level_db=-6.0),
        Looper(transport=3, max_s=0.012, speed=-1.0, quantise="beat"),
        Looper(transport=3, max_s=0.01, speed=0.5),
        Looper(transport=3, max_s=0.01, speed=2.0),
    ],
    "graphic_eq": lambda folder: [
        changed(GraphicEq(), **{f"band{n}_db": 12.0 * (-1) ** n for n in range(1, 11)}),
        changed(GraphicEq(31), **{f"band{n}_db": 0.7 * n - 11 for n in range(1, 32)}),
    ],
    "meter": lambda folder: [Meter()],
    "mid_side": lambda folder: [MidSide(), MidSide(mode="decode")],
    "mix": lambda folder: [Mix(), Mix(16, invert=(2, 16), gain3_db=-12.0)],
    "nam": lambda folder: [
        *(Nam(path, resample=True) for path in models(folder)),
        Nam(models(folder)[0], oversample=2, quality="live", resample=True),
    ],
    "nam_bank": lambda folder: [
        NamBank(models(folder)[6:8], shared=False),
        NamBank((models(folder)[7], *models(folder)[6:8])),
        NamBank(levelled(folder), levels="calibrated", interface_dbu=9.0),
    ],
    "octaver": lambda folder: [
        Octaver(down2=0.5, up1=0.6, dry=0.4),
        Octaver(down1=0.0, up1=1.0, dry=0.0),
    ],
    "oversample": lambda folder: [
        Oversample(Fuzz(fuzz=0.4, low_cut_hz=100.0), times=2),
        Oversample(Fuzz(model="muff", bias=0.3), quality="live"),
        Oversample(Fuzz(bias=0.3, tone=0.8)),
    ],
    "pan": lambda folder: [Pan(position=0.3)],
    "parametric_eq": lambda folder: [
        changed(ParametricEq(), **{f"gain{n}_db": 6.0 - 2 * n for n in range(1, 9)}),
        ParametricEq(
            count=6,
            design="bilinear",
            type1="high_pass",
            type2="low_shelf",
            type3="notch",
            type4="all_pass",
            type5="high_shelf",
            type6="low_pass",
            gain2_db=4.0,
            gain5_db=-5.0,
        ),
        ParametricEq(count=1, type1="off"),
        ParametricEq(count=2, type2="band_pass", gain1_db=3.0),
    ],
    "phaser": lambda folder: [
        Phaser(rate_hz=8.0, feedback=-0.5),
        Phaser(character="vibe", center_hz=2000.0, rate_hz=6.0),
        Phaser(stages=8, character="ninety", mix=1.0),
    ],
    "pitch_shift": lambda folder: [
        PitchShift(semitones=7.0, buffer_ms=20, tonality_hz=15_000.0, mix=0.7),
        PitchShift(semitones=-2.0, cents=-30.0, snap=False),
        PitchShift(semitones=24.0, buffer_ms=60),
        PitchShift(buffer_ms=20),
    ],
    "reverb": lambda folder: [
        Reverb(predelay_ms=0.0, mix=0.8),
        Reverb(model="room", size=0.3, predelay_ms=0.1, mod_rate_hz=3.0, mix=1.0),
        Reverb(model="spring", size=0.3, predelay_ms=0.0, mod_rate_hz=4.0),
        Reverb(model="shimmer", size=0.3, time_s=0.5, predelay_ms=0.0, mix=1.0),
        Reverb(model="hall", time_s=1.0, high_s=5.0, size=0.4, width=0.3, predelay_ms=1.0),
    ],
    "rotary": lambda folder: [
        Rotary(speed=1.0, distance_m=0.1),
        Rotary(horn_slow_hz=3.0, mic_spread=0.2, drive_db=6.0),
    ],
    "random": lambda folder: [Random(rate_hz=20.0), Random(sync="1/64", mode="walk")],
    "split": lambda folder: [Split(3), Split(mode="channels")],
    "step": lambda folder: [
        Step(2, step1=0.5, step2=-0.5, rate_hz=90.0, glide_ms=5.0),
        changed(
            Step(16, sync="1/64", tempo_bpm=400.0), **{f"step{k}": k / 20 for k in range(1, 17)}
        ),
    ],
    "stereo_width": lambda folder: [
        StereoWidth(width=1.5),
        StereoWidth(width=0.5, bass_mono_hz=300.0, balance=0.2, rotation_deg=-20.0),
    ],
    "tone_stack": lambda folder: [
        ToneStack(bass=7.0, middle=3.0, treble=8.0),
        ToneStack(model="bassman", makeup=True),
        ToneStack(model="ac30", bass=2.0),
    ],
    "tremolo": lambda folder: [
        Tremolo(rate_hz=9.0, spread=0.5),
        Tremolo(mode="harmonic", shape="optical", sync="1/16t"),
        Tremolo(shape="square", rate_hz=20.0),
    ],
    "vibrato": lambda folder: [
        Vibrato(rate_hz=8.0, depth_cents=90.0),
        Vibrato(shape="triangle", sync="1/16"),
    ],
    "wah": lambda folder: [
        Wah(),
        Wah(auto=True, voice="bass", attack_ms=1.0, sensitivity_db=-20.0),
        Wah(auto=True, sidechain=True, direction=-1, voice="clyde"),
    ],
}


@functools.cache
def folder() -> Path:
    """Where files for the examples are written; one for the whole run."""
    return Path(tempfile.mkdtemp(prefix="namgraph-nodes-"))


@functools.cache
def examples(type_name: str) -> tuple[Node, ...]:
    """Return nodes of a registered type to test, or fail with a word on what to do."""
    if type_name in EXAMPLES:
        return tuple(EXAMPLES[type_name](folder()))
    try:
        return (node_types()[type_name](),)
    except Exception as error:
        pytest.fail(
            f"node type {type_name!r} cannot be made without arguments ({error}): "
            f"add an example of it to EXAMPLES in {__file__}"
        )
