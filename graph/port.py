"""Ports of a node: name, channel count, kind of signal, host or device memory."""

import enum
from dataclasses import dataclass

from .arguments import as_number, check_choice, check_text, format_call, format_value
from .errors import ParamError

__all__ = ["Kind", "Port", "Space"]


class Kind(enum.Enum):
    """Kind of signal: audio, or control (one channel, one value per 32 frames)."""

    AUDIO = "audio"
    CONTROL = "control"


class Space(enum.Enum):
    """Memory that holds a port's samples: the host's, or a GPU's."""

    HOST = "host"
    DEVICE = "device"


@dataclass(frozen=True)
class Port:
    """One input or output of a node.

    ``channels`` is a count, or ``None`` to follow: an input takes the channel count of the port
    connected to it, and all following ports of a node have the same count (1 if none is connected).
    """

    name: str
    channels: int | None = None
    kind: Kind = Kind.AUDIO
    space: Space = Space.HOST

    def __repr__(self) -> str:
        fields = ("channels", self.channels), ("kind", self.kind), ("space", self.space)
        default = (None, Kind.AUDIO, Space.HOST)
        given = [f for f, value in zip(fields, default, strict=True) if f[1] is not value]
        return format_call("Port", [("", self.name), *given])

    def __post_init__(self) -> None:
        """Check the types; the range of ``channels`` is checked by ``Graph.add``."""
        check_text("name", self.name)
        if self.channels is not None and as_number(self.channels) is None:
            raise ParamError(
                f"channels of port {self.name} is {format_value(self.channels)}: "
                "must be a whole number, or None to follow what is connected"
            )
        check_choice("kind", self.kind, Kind)
        check_choice("space", self.space, Space)
