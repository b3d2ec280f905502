"""The nodes, one file each.  Importing this package registers them all."""

from .cab import Cab
from .dc_block import DcBlock
from .delay import Delay
from .gain import Gain
from .meter import Meter
from .mix import Mix
from .nam import Nam, NamBank
from .pan import Pan
from .split import Split

__all__ = ["Cab", "DcBlock", "Delay", "Gain", "Meter", "Mix", "Nam", "NamBank", "Pan", "Split"]
