"""Arguments of streams: wrong ones are named in one line; without a rate it is the models'."""

import json
import sys
import types as python_types
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from namgraph.graph import Graph, GraphError, NamFileError, ParamError
from namgraph.nodes.nam import Nam, NamBank
from namgraph.nodes.utility.gain import Gain
from namgraph.presets import asset
from namgraph.runtime.adapters.live.null import NullStream
from namgraph.runtime.adapters.live.sound_card import LiveStream

from .test_live_devices import Opened, cards, rack

__all__ = ["cards"]
NONE: Any = None
LSTM = asset("crunch-lstm.nam")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"blocksize": 64.5}, "blocksize is 64.5: must be a whole number in [16, 8192]"),
        ({"blocksize": 0}, "blocksize is 0: must be a whole number in [16, 8192]"),
        ({"blocksize": "64"}, "blocksize is '64'"),
        ({"blocksize": None}, "blocksize is None"),
        ({"fade_s": "soon"}, "fade_s is 'soon': must be a number in [0, 60] s"),
        ({"node_share": "all"}, "node_share is 'all'"),
        ({"sample_rate": "48000"}, "sample_rate is '48000'"),
        ({"sample_rate": 0}, "sample_rate is 0"),
    ],
)
@pytest.mark.parametrize("kind", [NullStream, LiveStream])
@pytest.mark.usefixtures("cards")
def test_arguments_of_both_streams(kind: Any, arguments: dict[str, Any], says: str) -> None:
    with pytest.raises(ParamError) as caught:
        kind(rack(), **arguments)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", [NullStream, LiveStream])
@pytest.mark.parametrize("graph", [None, Gain, 3, [Gain()]])
@pytest.mark.usefixtures("cards")
def test_other_objects_than_graphs_are_refused(kind: Any, graph: Any) -> None:
    with pytest.raises(GraphError, match=r"graph is .*: must be a Graph"):
        kind(graph)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"seconds": "1"}, "seconds is '1'"),
        ({"seconds": 0}, r"seconds is 0: must be a number in \(0,"),
        ({"seconds": float("nan")}, "seconds is nan"),
        ({"record": -1}, "record is -1: must be a whole number"),
        ({"record": 1.5}, "record is 1.5"),
    ],
)
def test_arguments_of_null_streams(arguments: dict[str, Any], says: str) -> None:
    with pytest.raises(ParamError, match=says):
        NullStream(rack(), **arguments)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"device": 1.5}, "device is 1.5: must be a number from devices"),
        ({"device": (1, 2.0)}, "device is .1, 2.0.: must be a number"),
        ({"device": True}, "device is True"),
        ({"device": [1, 2]}, "device is .1, 2.: must be"),
        ({"device": ""}, "device is ''"),
        ({"latency": "lowest"}, 'latency is .lowest.: must be "low", "high", or seconds'),
        ({"latency": -0.1}, "latency is -0.1"),
        ({"latency": None}, "latency is None"),
    ],
)
@pytest.mark.usefixtures("cards")
def test_arguments_of_live_streams(arguments: dict[str, Any], says: str) -> None:
    with pytest.raises(ParamError, match=says):
        LiveStream(rack(), **arguments)


@pytest.mark.usefixtures("cards")
def test_latencies_and_blocks_that_cards_take() -> None:
    for latency in ("low", "high", 0.05, 0):
        LiveStream(rack(), latency=latency)
    LiveStream(rack(), np.int64(2048), latency="high")  # type: ignore[arg-type]
    LiveStream(rack(), 8192)
    assert [o["latency"] for o in Opened.made[:4]] == ["low", "high", 0.05, 0.0]
    assert [o["blocksize"] for o in Opened.made[4:]] == [2048, 8192]


def model(**options: Any) -> Graph:
    graph = Graph()
    amp = graph.add("amp", Nam(LSTM, **options))
    graph.input("in", channels=1) >> amp >> graph.output("out", channels=1)
    return graph


@pytest.mark.usefixtures("cards")
def test_without_a_rate_it_is_the_models_on_a_card_of_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        sys.modules["sounddevice"],
        "query_devices",
        lambda made=sys.modules["sounddevice"].query_devices: [
            {**d, "default_samplerate": 44_100.0} for d in made()
        ],
    )
    assert LiveStream(model()).sample_rate == 48_000
    assert LiveStream(model(resample=True)).sample_rate == 44_100
    assert LiveStream(rack()).sample_rate == 44_100
    assert Opened.made[0]["samplerate"] == 48_000
    with pytest.raises(NamFileError, match="the model runs at 48000 Hz, the stream at 44100 Hz"):
        LiveStream(model(), sample_rate=44_100)


def test_null_streams_have_the_models_rate_or_48000(tmp_path: Path) -> None:
    text = tmp_path / "slow.nam"
    found = json.loads(Path(LSTM).read_bytes())
    text.write_text(json.dumps({**found, "sample_rate": 32_000}), encoding="utf-8")
    graph = Graph()
    amp = graph.add("amp", NamBank([str(text)]))
    graph.input("in", channels=1) >> amp >> graph.output("out", channels=1)
    assert NullStream(graph).sample_rate == 32_000
    assert NullStream(rack()).sample_rate == 48_000


@pytest.mark.usefixtures("cards")
def test_the_latency_of_a_closed_stream_is_what_it_was() -> None:
    with LiveStream(rack(), priority=False) as stream:
        played = stream.stats().latency_ms
    assert played["input"] == 3.0
    assert stream.stats().latency_ms == played


def test_portaudio_is_not_terminated_at_exit_where_it_would_abort(cards: Any) -> None:
    from namgraph.runtime.adapters.live import devices

    called: list[bool] = []
    registered: list[Any] = []
    cards._exit_handler = lambda: called.append(True)
    cards._lib = object()
    fake: Any = python_types.SimpleNamespace(
        unregister=lambda handler: registered.append(("off", handler)),
        register=lambda call, *arguments: registered.append(lambda: call(*arguments)),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(devices, "atexit", fake)
        patch.setattr(devices, "_termination_skipped", [])
        devices._replace_exit_handler(cards)
        assert registered[0] == ("off", cards._exit_handler)
        registered[1]()
        assert not called, "JACK is among the drivers"
        cards.query_hostapis = lambda: [{"name": "ALSA"}]
        registered[1]()
        assert called == [True]
