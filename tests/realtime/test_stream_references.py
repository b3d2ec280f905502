"""Streams that nothing refers to are closed; those that play are listed."""

import gc
import time
import warnings
from typing import Any

import pytest

from namgraph.runtime.adapters.live.null import NullStream
from namgraph.runtime.adapters.live.sound_card import LiveStream
from namgraph.runtime.adapters.live.stream import Stream

from .test_live_devices import cards, rack

__all__ = ["cards"]


def test_streams_that_nothing_refers_to_are_closed() -> None:
    """A notebook's cell that is run again and again."""
    before = set(Stream.playing())
    stream = NullStream(rack()).start()
    for _ in range(4):
        with pytest.warns(ResourceWarning, match="it is closed"):
            stream = NullStream(rack()).start()
    assert set(Stream.playing()) - before == {stream}
    host, record = stream.host, stream.clock
    while not host["blocks"][0]:
        time.sleep(0.01)
    with pytest.warns(ResourceWarning, match="it is closed"):
        del stream
    assert set(Stream.playing()) == before
    done = int(record["done"][0])
    time.sleep(0.1)
    assert int(record["done"][0]) == done, "nothing is played any more"


def test_streams_that_something_still_refers_to_are_listed_and_can_be_stopped() -> None:
    kept = {n: NullStream(rack()).start() for n in range(3)}  # as a notebook's Out does
    assert set(kept.values()) <= set(Stream.playing())
    for stream in Stream.playing():
        if stream in kept.values():
            stream.close()
    assert not set(kept.values()) & set(Stream.playing())
    assert all(s.state == "closed" for s in kept.values())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        del stream
        kept.clear()
        gc.collect()


@pytest.mark.usefixtures("cards")
def test_a_card_s_stream_that_nothing_refers_to_is_closed() -> None:
    stream = LiveStream(rack(), priority=False).start()
    card: Any = stream._card
    assert card.active
    with pytest.warns(ResourceWarning, match="it is closed"):
        del stream
    assert not card.active
