"""The audio thread's priority and its memory, without a sound card."""

import sys

import numpy as np
import pytest

from namgraph.nodes.utility.gain import Gain
from namgraph.runtime.adapters.live import thread_priority
from namgraph.runtime.adapters.live.null import NullStream

from .live_racks import chain


@pytest.mark.skipif(sys.platform == "win32", reason="drivers raise their own threads there")
def test_the_audio_thread_raises_its_own_priority() -> None:
    stream = NullStream(chain(("amp", Gain())), 64, seconds=0.05)
    thread_priority.request_priority(stream.host[0])
    with stream:
        assert stream.wait(30)
    assert stream.host["priority_answer"][0] in (0, 1), "granted, or EPERM"


def test_memory_is_locked_or_a_reason_is_given() -> None:
    page = np.zeros(1 << 16, np.uint8)
    assert thread_priority.lock_memory([]) == ""
    assert isinstance(thread_priority.lock_memory([(page.ctypes.data, page.nbytes)]), str)
    assert thread_priority.lock_memory([(1 << 46, 4096)]), "there is nothing at that address"
