"""The nodes, one file each: a table of their types by name, each imported when it is first used."""

from typing import TYPE_CHECKING

from ..graph.catalog.lazy_import import lazy_names
from ..graph.catalog.registry import register_modules

_TYPES = {
    "align": (".utility.align", "Align"),
    "blend": (".utility.blend", "Blend"),
    "cab": (".cabinet.cab", "Cab"),
    "cab_mics": (".cabinet.cab_mics", "CabMics"),
    "chorus": (".modulation.chorus", "Chorus"),
    "click": (".time.click", "Click"),
    "clipper": (".drive.clipper", "Clipper"),
    "compressor": (".dynamics.compressor", "Compressor"),
    "constant": (".control.constant", "Constant"),
    "crossover": (".filters.crossover", "Crossover"),
    "curve": (".control.curve", "Curve"),
    "dc_block": (".filters.dc_block", "DcBlock"),
    "delay": (".time.delay", "Delay"),
    "doubler": (".utility.doubler", "Doubler"),
    "drive": (".drive.drive", "Drive"),
    "envelope_follower": (".control.envelope_follower", "EnvelopeFollower"),
    "filter": (".filters.filter", "Filter"),
    "flanger": (".modulation.flanger", "Flanger"),
    "fuzz": (".drive.fuzz", "Fuzz"),
    "gain": (".utility.gain", "Gain"),
    "gate": (".dynamics.gate", "Gate"),
    "graphic_eq": (".filters.graphic_eq", "GraphicEq"),
    "lfo": (".control.lfo", "Lfo"),
    "limiter": (".dynamics.limiter", "Limiter"),
    "looper": (".time.looper", "Looper"),
    "loudness": (".analysis.loudness", "Loudness"),
    "map": (".control.map", "Map"),
    "meter": (".utility.meter", "Meter"),
    "mid_side": (".utility.mid_side", "MidSide"),
    "mix": (".utility.mix", "Mix"),
    "nam": (".nam.node", "Nam"),
    "nam_bank": (".nam.bank", "NamBank"),
    "octaver": (".pitch.octaver", "Octaver"),
    "oversample": (".utility.oversample", "Oversample"),
    "pan": (".utility.pan", "Pan"),
    "parametric_eq": (".filters.parametric_eq", "ParametricEq"),
    "pass_through": (".utility.pass_through", "PassThrough"),
    "phaser": (".modulation.phaser", "Phaser"),
    "pitch_shift": (".pitch.pitch_shift", "PitchShift"),
    "random": (".control.random", "Random"),
    "reverb": (".time.reverb", "Reverb"),
    "rotary": (".modulation.rotary", "Rotary"),
    "split": (".utility.split", "Split"),
    "step": (".control.step", "Step"),
    "stereo_width": (".utility.stereo_width", "StereoWidth"),
    "tone_stack": (".filters.tone_stack", "ToneStack"),
    "tremolo": (".modulation.tremolo", "Tremolo"),
    "tuner": (".analysis.tuner", "Tuner"),
    "vibrato": (".modulation.vibrato", "Vibrato"),
    "wah": (".filters.wah", "Wah"),
}
"""Of each node type, the module that declares it, and its class."""

if TYPE_CHECKING:
    from .analysis.loudness import Loudness
    from .analysis.tuner import Tuner
    from .cabinet.cab import Cab
    from .cabinet.cab_mics import CabMics
    from .control.constant import Constant
    from .control.curve import Curve
    from .control.envelope_follower import EnvelopeFollower
    from .control.lfo import Lfo
    from .control.map import Map
    from .control.random import Random
    from .control.step import Step
    from .drive.clipper import Clipper
    from .drive.drive import Drive
    from .drive.fuzz import Fuzz
    from .dynamics.compressor import Compressor
    from .dynamics.gate import Gate
    from .dynamics.limiter import Limiter
    from .filters.crossover import Crossover
    from .filters.dc_block import DcBlock
    from .filters.filter import Filter
    from .filters.graphic_eq import GraphicEq
    from .filters.parametric_eq import ParametricEq
    from .filters.tone_stack import ToneStack
    from .filters.wah import Wah
    from .modulation.chorus import Chorus
    from .modulation.flanger import Flanger
    from .modulation.phaser import Phaser
    from .modulation.rotary import Rotary
    from .modulation.tremolo import Tremolo
    from .modulation.vibrato import Vibrato
    from .nam.bank import NamBank
    from .nam.node import Nam
    from .pitch.octaver import Octaver
    from .pitch.pitch_shift import PitchShift
    from .time.click import Click
    from .time.delay import Delay
    from .time.looper import Looper
    from .time.reverb import Reverb
    from .utility.align import Align
    from .utility.blend import Blend
    from .utility.doubler import Doubler
    from .utility.gain import Gain
    from .utility.meter import Meter
    from .utility.mid_side import MidSide
    from .utility.mix import Mix
    from .utility.oversample import Oversample
    from .utility.pan import Pan
    from .utility.pass_through import PassThrough
    from .utility.split import Split
    from .utility.stereo_width import StereoWidth
else:
    __getattr__, __dir__, _ = lazy_names(
        __name__, {module: [name] for module, name in _TYPES.values()}
    )

__all__ = [
    "Align",
    "Blend",
    "Cab",
    "CabMics",
    "Chorus",
    "Click",
    "Clipper",
    "Compressor",
    "Constant",
    "Crossover",
    "Curve",
    "DcBlock",
    "Delay",
    "Doubler",
    "Drive",
    "EnvelopeFollower",
    "Filter",
    "Flanger",
    "Fuzz",
    "Gain",
    "Gate",
    "GraphicEq",
    "Lfo",
    "Limiter",
    "Looper",
    "Loudness",
    "Map",
    "Meter",
    "MidSide",
    "Mix",
    "Nam",
    "NamBank",
    "Octaver",
    "Oversample",
    "Pan",
    "ParametricEq",
    "PassThrough",
    "Phaser",
    "PitchShift",
    "Random",
    "Reverb",
    "Rotary",
    "Split",
    "Step",
    "StereoWidth",
    "ToneStack",
    "Tremolo",
    "Tuner",
    "Vibrato",
    "Wah",
]

register_modules({type_name: f"{__name__}{module}" for type_name, (module, _) in _TYPES.items()})
