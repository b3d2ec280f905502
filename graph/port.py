"""Ports of a node: name, channels, kind of signal, and where the samples lie."""

import enum
from dataclasses import dataclass

from .arguments import as_number, check_choice, check_text, said
from .errors import ParamError

__all__ = ["Kind", "Port", "Space"]


class Kind(enum.Enum):
    """What a port carries: audio, or a control signal (one channel that moves every 32 frames)."""

    AUDIO = "audio"
    CONTROL = "control"


class Space(enum.Enum):
    """Where a port's samples live: host memory, or the memory of a GPU."""

    HOST = "host"
    DEVICE = "device"


@dataclass(frozen=True)
class Port:
    """One way in or out of a node.

    ``channels`` is a count, or ``None`` for "follows": an input takes what is connected, and all
    ports of a node that follow have the same count (1 if nothing settles it).
    """

    name: str
    channels: int | None = None
    kind: Kind = Kind.AUDIO
    space: Space = Space.HOST

    def __post_init__(self) -> None:
        """Check the types; how many channels there can be is checked by ``Graph.add``."""
        check_text("name", self.name)
        if self.channels is not None and as_number(self.channels) is None:
            raise ParamError(
                f"channels of port {self.name} is {said(self.channels)}: "
                "must be a whole number, or None to follow what is connected"
            )
        check_choice("kind", self.kind, Kind)
        check_choice("space", self.space, Space)
