"""The nodes, one file each.  Importing this package registers their types by name."""

from .analysis import align as _registers_align  # noqa: F401
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
from .nam import Nam, NamBank
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
