"""The nodes, one file each.  Importing this package registers their types by name."""

from .cabinet.cab import Cab
from .control.constant import Constant
from .control.envelope_follower import EnvelopeFollower
from .control.lfo import Lfo
from .control.map import Map
from .control.random import Random
from .control.step import Step
from .filters.dc_block import DcBlock
from .modulation.chorus import Chorus
from .modulation.flanger import Flanger
from .modulation.phaser import Phaser
from .modulation.tremolo import Tremolo
from .modulation.vibrato import Vibrato
from .nam import Nam, NamBank
from .time.delay import Delay
from .utility.gain import Gain
from .utility.meter import Meter
from .utility.mix import Mix
from .utility.pan import Pan
from .utility.split import Split

__all__ = [
    "Cab",
    "Chorus",
    "Constant",
    "DcBlock",
    "Delay",
    "EnvelopeFollower",
    "Flanger",
    "Gain",
    "Lfo",
    "Map",
    "Meter",
    "Mix",
    "Nam",
    "NamBank",
    "Pan",
    "Phaser",
    "Random",
    "Split",
    "Step",
    "Tremolo",
    "Vibrato",
]
