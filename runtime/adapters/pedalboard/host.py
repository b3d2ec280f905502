"""What a hosted graph asks of the host that plays its engines; ``plugin.py`` has pedalboard's.

Control threads.
"""

from typing import Any

__all__ = ["Host"]


class Host:
    """Interface of a ``HostedGraph`` to the host that plays its engines; here Python itself."""

    def handle_messages(self) -> None:
        """Handle waiting messages of engines that a host's thread plays."""

    def has_engines(self) -> bool:
        """Return whether the host has engines, and does not wait for others."""
        return True

    def rebuild(self, hosted: Any, rate: float, channels: int) -> None:
        """Replace the engines by those of ``hosted.build``."""
        hosted.build(rate, channels)

    def report(self, hosted: Any) -> None:
        """Take over latency and tail, which a swap may have changed."""
