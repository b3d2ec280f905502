"""The nodes, one file each.  Importing this package registers their types by name."""

from .cabinet.cab import Cab
from .control.constant import Constant
from .control.envelope_follower import EnvelopeFollower
from .control.map import Map
from .dynamics.compressor import Compressor
from .dynamics.gate import Gate
from .dynamics.limiter import Limiter
from .filters.dc_block import DcBlock
from .nam import Nam, NamBank
from .time.delay import Delay
from .utility.blend import Blend
from .utility.gain import Gain
from .utility.meter import Meter
from .utility.mix import Mix
from .utility.pan import Pan
from .utility.split import Split

__all__ = [
    "Blend",
    "Cab",
    "Compressor",
    "Constant",
    "DcBlock",
    "Delay",
    "EnvelopeFollower",
    "Gain",
    "Gate",
    "Limiter",
    "Map",
    "Meter",
    "Mix",
    "Nam",
    "NamBank",
    "Pan",
    "Split",
]
