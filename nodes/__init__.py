"""The nodes, one file each.  Importing this package registers their types by name."""

from .cabinet.cab import Cab
from .filters.dc_block import DcBlock
from .filters.parametric_eq import ParametricEq
from .nam import Nam, NamBank
from .time.delay import Delay
from .utility.gain import Gain
from .utility.meter import Meter
from .utility.mix import Mix
from .utility.pan import Pan
from .utility.split import Split

__all__ = [
    "Cab",
    "DcBlock",
    "Delay",
    "Gain",
    "Meter",
    "Mix",
    "Nam",
    "NamBank",
    "Pan",
    "ParametricEq",
    "Split",
]
