"""A reset that a host asks for, done where the host is: natively, without Python."""

from ...engine.engine import Engine
from ...engine.message_handler import handle_messages
from ...engine.message_queue import MESSAGE, NOW, Message
from ...engine.records import ENGINE
from ...native.abi import kernel
from ...native.pointers import call_node, element, move_bytes, record

__all__ = ["ready_to_restart", "restart"]

SIZE = MESSAGE.itemsize
RESET = int(Message.RESET)


@kernel
def restart(engine: int, ins: int, outs: int, frames: int) -> None:
    """Forget everything heard, as ``Engine.reset`` does; called between two blocks.

    Messages that have arrived are applied first: a parameter set before a reset stays set.
    """
    e = record(engine, ENGINE)
    call_node(e.process, engine, 0, 0, 0)
    while e.pending_count > 0 and element(e.pending, e.pending_count - 1, MESSAGE).at > NOW:
        e.pending_count -= 1
    if e.pending_count < e.pending_size:
        move_bytes(e.pending + SIZE, e.pending, SIZE * e.pending_count)
        message = record(e.pending, MESSAGE)
        message.kind = RESET
        message.at = NOW
        e.pending_count += 1
        call_node(e.handle_messages, engine, 0, 0, 0)


def ready_to_restart(engine: Engine) -> None:
    """Give an engine the code that reads messages, which it else gets with its first one."""
    engine._queue.record["handle_messages"] = handle_messages.address
