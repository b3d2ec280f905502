"""Sound cards chosen, refused and missing: errors are one line that says what to do."""

import sys
import types as python_types
import warnings
from typing import Any, ClassVar

import pytest

from namgraph.graph import EngineError, Graph, ParamError
from namgraph.nodes.utility.gain import Gain
from namgraph.runtime.adapters.live import (
    sound_card,
    thread_priority,
)
from namgraph.runtime.adapters.live.devices import devices, find_devices
from namgraph.runtime.adapters.live.sound_card import LiveStream

from ..no_sounddevice import FAILURES, said_without_sounddevice

CARDS = [
    ("Built-in Mic", 0, 1, 0, 44_100.0),
    ("Scarlett 2i2 USB", 0, 2, 2, 48_000.0),
    ("Scarlett 2i2 USB", 1, 2, 2, 48_000.0),
    ("HDMI", 0, 0, 8, 48_000.0),
]


class PortAudioError(Exception):
    """As sounddevice's: a text and a number."""


class Opened:
    """Stands in for an open stream."""

    refuse: tuple[Any, ...] | None = None
    made: ClassVar[list[dict[str, Any]]] = []

    def __init__(self, *, userdata: Any = None, **asked: Any) -> None:
        if Opened.refuse is not None:
            raise PortAudioError(*Opened.refuse)
        Opened.made.append(asked)
        self.active = False
        self.latency = (0.003, 0.004) if asked["kind"] == "duplex" else 0.005

    def start(self) -> None:
        self.active = True

    def abort(self) -> None:
        self.active = False

    close = abort


@pytest.fixture
def cards(monkeypatch: pytest.MonkeyPatch) -> python_types.ModuleType:
    """Put a sounddevice with four cards in the place of the real one."""
    fake: Any = python_types.ModuleType("sounddevice")
    fake.PortAudioError, fake._StreamBase = PortAudioError, Opened
    fake._ffi = python_types.SimpleNamespace(cast=lambda kind, number: number)
    fake.default = python_types.SimpleNamespace(device=(1, 1))
    fake.query_hostapis = lambda: [
        {"name": name, "default_input_device": 1, "default_output_device": 1}
        for name in ("ALSA", "JACK Audio Connection Kit")
    ]
    fake.query_devices = lambda: [
        {
            "name": name,
            "hostapi": api,
            "max_input_channels": ins,
            "max_output_channels": outs,
            "default_samplerate": rate,
            "default_low_input_latency": 0.003,
            "default_low_output_latency": 0.004,
        }
        for name, api, ins, outs, rate in CARDS
    ]
    monkeypatch.setitem(sys.modules, "sounddevice", fake)
    monkeypatch.setattr(Opened, "refuse", None)
    monkeypatch.setattr(Opened, "made", [])
    found: python_types.ModuleType = fake
    return found


def rack(channels: int = 1) -> Graph:
    graph = Graph()
    source = graph.input("in", channels=channels)
    source >> graph.add("amp", Gain()) >> graph.output("out", channels=channels)
    return graph


@pytest.mark.usefixtures("cards")
def test_cards_are_listed_with_their_drivers_and_defaults() -> None:
    found = devices()
    assert [(d.index, d.name, d.api, d.inputs, d.outputs) for d in found][1] == (
        1, "Scarlett 2i2 USB", "ALSA", 2, 2,
    )  # fmt: skip
    assert [d.default_input for d in found] == [False, True, False, False]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (None, (1, 1)),
        (2, (2, 2)),
        ("scarlett 2i2 usb, jack", (2, 2)),
        ((0, "hdmi"), (0, 3)),
        (("mic", None), (0, 1)),
    ],
)
@pytest.mark.usefixtures("cards")
def test_a_card_is_found_by_number_or_part_of_its_name(wanted: Any, found: Any) -> None:
    assert tuple(d.index for d in find_devices(wanted, 1, 1) if d) == found


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        ("scarlett", "several of those with inputs: 1 'Scarlett 2i2 USB' .ALSA., 2"),
        ("fender", "none of those with inputs: 0 'Built-in Mic'"),
        (3, "input device 3 is none of"),
        (0, "output device 0 is none of"),
    ],
)
@pytest.mark.usefixtures("cards")
def test_a_card_that_is_not_there_is_an_error_that_lists_those_that_are(
    wanted: Any, says: str
) -> None:
    with pytest.raises(EngineError, match=says):
        LiveStream(rack(), device=wanted)


@pytest.mark.usefixtures("cards")
def test_three_devices_or_too_few_channels_are_refused() -> None:
    with pytest.raises(ParamError, match="a pair"):
        LiveStream(rack(), device=(1, 2, 3))  # type: ignore[arg-type]
    with pytest.raises(EngineError, match="has 2 input channels, the graph needs 4"):
        LiveStream(rack(4))
    with pytest.raises(EngineError, match="neither inputs nor outputs"):
        LiveStream(rack(), inputs=(), outputs=())


def test_arguments_passed_to_portaudio(cards: Any) -> None:
    both = LiveStream(rack(), 128, outputs=(2,))
    only_in = LiveStream(rack(), outputs=(), device=0)
    only_out = LiveStream(rack(), inputs=(), device="hdmi", outputs=(8,))
    first, second, third = Opened.made
    assert (first["kind"], first["channels"], first["device"]) == ("duplex", (1, 2), (1, 1))
    assert (first["blocksize"], first["samplerate"], first["dtype"]) == (128, 48_000.0, "float32")
    assert isinstance(first["callback"], int)
    assert first["wrap_callback"] is None
    assert (second["kind"], second["channels"], second["samplerate"]) == ("input", 1, 44_100.0)
    assert (third["kind"], third["channels"]) == ("output", 8)
    assert both.latency_s == (0.003, 0.004)
    assert only_in.latency_s == (0.005, 0.0)
    assert only_out.latency_s == (0.0, 0.005)
    assert LiveStream(rack()).out_width == 2, "a mono graph plays on both of a card's first two"


@pytest.mark.parametrize(
    ("number", "says"),
    [
        (-9997, r"Scarlett 2i2 USB \(ALSA\) refuses 96000 Hz \(it runs at 48000 Hz\)"),
        (-9985, "in use by another program: close that"),
        (-9996, "not there any more"),
        (-9998, "refuses 1 in, 2 out channels"),
        (-9999, "cannot be opened: namgraph devices lists"),
    ],
)
@pytest.mark.usefixtures("cards")
def test_refusals_of_portaudio_come_with_a_remedy(
    monkeypatch: pytest.MonkeyPatch, number: int, says: str
) -> None:
    monkeypatch.setattr(Opened, "refuse", ("Error opening: reason", number))
    with pytest.raises(EngineError, match=says) as caught:
        LiveStream(rack(), sample_rate=96_000)
    assert "\n" not in str(caught.value)
    assert "[Error opening: reason]" in str(caught.value)


@pytest.mark.usefixtures("cards")
def test_a_card_that_goes_away_is_noticed_and_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = LiveStream(rack(), priority=False)
    with stream:
        assert stream.stats().state == "playing"
        monkeypatch.setattr(
            sound_card, "DRIVER_TIMEOUT_S", -1.0
        )  # it never calls: it is silent for too long
        assert stream.state == "lost"
        assert stream.engine.queue.has_audio_thread, "it may call again: no other may play"
        card: Any = stream._card
        card.active = False
        with pytest.raises(EngineError, match="is it still connected"):
            stream.check()
        stream.set("amp.gain_db", -1.0)
        assert stream.get("amp.gain_db") == -1.0, "settings still work, and wait for a new start"


@pytest.mark.usefixtures("cards")
def test_a_driver_that_hangs_is_abandoned(monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    forever = threading.Event()
    monkeypatch.setattr(Opened, "abort", lambda self: forever.wait())
    monkeypatch.setattr(sound_card, "DRIVER_TIMEOUT_S", 0.1)
    stream = LiveStream(rack(), priority=False).start()
    with pytest.warns(RuntimeWarning, match="abandoned"):
        stream.close()
    assert stream.state == "closed"
    assert stream in sound_card._abandoned, "what the driver may still call is not freed"
    forever.set()


@pytest.mark.usefixtures("cards")
def test_no_priority_and_no_locked_memory_are_warnings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thread_priority, "lock_memory", lambda places: "not enough")
    monkeypatch.setattr(thread_priority, "request_priority", refuse)
    stream = LiveStream(rack())
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        stream.start()
        stream.close()
    said = " ".join(str(w.message) for w in caught)
    assert "memlock" in said
    if sys.platform.startswith("linux"):
        assert "rtprio" in said
    assert stream.warnings == [str(w.message) for w in caught]


def refuse(host: Any) -> None:
    host["begin"], host["priority_answer"] = 1, 1


@pytest.mark.parametrize(("error", "says"), FAILURES)
def test_without_sounddevice_or_portaudio_one_line_says_what_to_install(
    error: str, says: str
) -> None:
    said = said_without_sounddevice(error, "ng.LiveStream(ng.Graph.chain(ng.Gain()))")
    assert says in said
    assert said.count("\n") == 1
