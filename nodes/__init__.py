"""The nodes, one file each.  Importing this package registers their types by name."""

from .cabinet.cab import Cab
from .control.constant import Constant
from .control.envelope_follower import EnvelopeFollower
from .control.lfo import Lfo
from .control.map import Map
from .control.random import Random
from .control.step import Step
from .filters.dc_block import DcBlock
from .filters.tone_stack import ToneStack
from .filters.wah import Wah
from .nam import Nam, NamBank
from .time.delay import Delay
from .utility.gain import Gain
from .utility.meter import Meter
from .utility.mix import Mix
from .utility.pan import Pan
from .utility.split import Split

__all__ = [
    "Cab",
    "Constant",
    "DcBlock",
    "Delay",
    "EnvelopeFollower",
    "Gain",
    "Lfo",
    "Map",
    "Meter",
    "Mix",
    "Nam",
    "NamBank",
    "Pan",
    "Random",
    "Split",
    "Step",
    "ToneStack",
    "Wah",
]
