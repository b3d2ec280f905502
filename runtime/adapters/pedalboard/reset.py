"""Native reset of an engine, called by a plugin host on its audio thread, without Python."""

from ...engine.engine import Engine
from ...engine.messages.message_handler import handle_messages
from ...engine.messages.message_queue import MESSAGE, NOW, Message
from ...engine.records import ENGINE
from ...native.abi import kernel
from ...native.pointers import call_node, element, move_bytes, record

__all__ = ["enable_native_reset", "reset_engine"]

SIZE = MESSAGE.itemsize
RESET = int(Message.RESET)
MOST_RESETS = 16
"""More than the swaps that may wait."""


@kernel
def reset_engine(engine: int, ins: int, outs: int, frames: int) -> None:
    """Clear all node states, as ``Engine.reset`` does; call it between two blocks.

    Waiting messages are applied first: a parameter set before a reset stays set, and the last
    graph swapped to plays without a crossfade.
    """
    e = record(engine, ENGINE)
    call_node(e.process, engine, 0, 0, 0)
    resets = 0
    while resets == 0 or (e.fade_left > 0 and resets < MOST_RESETS):
        resets += 1  # once more for each swap that has waited for the fade of another
        while e.pending_count > 0 and element(e.pending, e.pending_count - 1, MESSAGE).at > NOW:
            e.pending_count -= 1
        if e.pending_count < e.pending_size:
            move_bytes(e.pending + SIZE, e.pending, SIZE * e.pending_count)
            message = record(e.pending, MESSAGE)
            message.kind = RESET
            message.at = NOW
            e.pending_count += 1
            call_node(e.handle_messages, engine, 0, 0, 0)


def enable_native_reset(engine: Engine) -> None:
    """Load the message handler, which an engine otherwise loads with its first message."""
    engine.queue.record["handle_messages"] = handle_messages.address
