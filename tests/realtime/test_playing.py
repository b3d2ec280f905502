"""``ng.playing``: the streams that play, also those whose variable is lost."""

import threading

import pytest

import namgraph as ng
from namgraph.runtime import PlayingStreams


def test_a_stream_whose_variable_is_lost_is_listed_and_stopped() -> None:
    out = {1: ng.NullStream(ng.Gain()).start()}  # a notebook's Out
    stream = ng.NullStream(ng.Pan()).start()
    lost, stream = stream, out[1]  # the variable names another one now
    found = ng.playing()
    assert {lost, stream} <= set(found)
    assert "2 streams playing: " in repr(PlayingStreams([lost, stream]))
    assert len(str(PlayingStreams([lost, stream])).splitlines()) == 2
    PlayingStreams([lost]).close()
    assert lost.state == "closed"
    assert stream in ng.playing()
    ng.playing().close()
    assert stream.state == "closed"
    assert ng.playing() == ()
    assert str(ng.playing()) == "no stream plays"
    ng.playing().close()  # nothing to do


def test_all_are_closed_although_one_cannot_be(monkeypatch: pytest.MonkeyPatch) -> None:
    streams = [ng.NullStream(ng.Gain()).start() for _ in range(3)]

    def refuse() -> None:
        raise ng.EngineError("the driver does not answer")

    monkeypatch.setattr(streams[1], "_close", refuse)
    with pytest.raises(ng.EngineError, match="the driver does not answer"):
        PlayingStreams(streams).close()
    assert [stream.state for stream in streams] == ["closed"] * 3


def test_threads_may_start_and_list_at_the_same_time() -> None:
    faults: list[BaseException] = []

    def work() -> None:
        try:
            for _ in range(5):
                stream = ng.NullStream(ng.Gain()).start()
                assert stream in ng.playing()
                stream.close()
                assert stream not in ng.playing()
        except BaseException as fault:
            faults.append(fault)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
