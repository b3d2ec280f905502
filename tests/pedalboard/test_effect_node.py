"""PedalboardEffect: pedalboard's plugins as nodes."""

import ctypes
import dataclasses
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import namgraph as ng
from namgraph.nodes.pedalboard_effect import PedalboardEffect
from namgraph.presets.preset import dumps, loads

from .graphs import RATE, around, noise, rendered

pb = pytest.importorskip("pedalboard")

from namgraph.runtime.adapters.pedalboard.hosting.describe import FIXED, effect_class  # noqa: E402
from namgraph.runtime.adapters.pedalboard.shim import binding  # noqa: E402

SET: dict[str, dict[str, Any]] = {
    "Compressor": {"threshold_db": -20, "ratio": 4},
    "HighShelfFilter": {"gain_db": 5},
    "LadderFilter": {"mode": "HPF12", "cutoff_hz": 800, "drive": 3, "resonance": 0.3},
    "Resample": {"target_sample_rate": 16_000.0},
}
ONLY_WHOLE = ("GSMFullRateCompressor", "PitchShift")
"""Plugins whose output in a stream differs in pedalboard itself (0.9.22 to 0.9.26)."""
CONTAINERS = ("Chain", "Mix", "Pedalboard", "Plugin", "PluginContainer", "IIRFilter")
CLASSES = [
    n
    for n, c in sorted(vars(pb).items())
    if isinstance(c, type) and issubclass(c, pb.Plugin) and n not in (*CONTAINERS, "Convolution")
    if not issubclass(c, pb.ExternalPlugin)
]


def made(name: str) -> Any:
    """A plugin of pedalboard with the settings of the node."""
    values = dict(SET.get(name, {}))
    if "mode" in values:
        values["mode"] = pb.LadderFilter.Mode.__members__[values["mode"]]
    return getattr(pb, name)(**values)


@pytest.mark.parametrize("name", [n for n in CLASSES if n not in ONLY_WHOLE])
def test_every_class_gives_the_output_of_the_plugin_alone(name: str) -> None:
    x = noise(2, 20_000)
    node = PedalboardEffect(name, **SET.get(name, {}))
    found = rendered(around(node), x)
    wanted = made(name)(x, RATE, buffer_size=512)
    # Bit-equal with pedalboard 0.9.26; filters of 0.9.22 round their state where a block ends.
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-7)
    cut = ng.render(around(node), x, RATE, tail=False, block=77)
    np.testing.assert_allclose(cut, found, rtol=0, atol=1e-7)


@pytest.mark.parametrize("name", ONLY_WHOLE)
def test_plugins_that_cannot_stream_are_refused(name: str) -> None:
    with pytest.raises(ng.EngineError, match=f"{name}: pedalboard plays it only as a whole"):
        ng.render(around(PedalboardEffect(name)), noise(2), RATE)


@pytest.mark.parametrize("name", [n for n in CLASSES if n not in ONLY_WHOLE])
def test_every_parameter_takes_both_ends_of_its_range(name: str) -> None:
    node = PedalboardEffect(name)
    x = noise(2, 600)
    for key, row in node.params().items():
        for value in (row.low, row.high):
            engine = ng.Engine(around(node), sample_rate=RATE)
            engine.set(f"fx.{key}", value)
            engine.process(x)
        for bad in (row.low - 1, row.high + 1, float("nan")):
            with pytest.raises(ng.ParamError, match=key):
                PedalboardEffect(name, {key: bad})
    cls = effect_class(name)
    theirs = {k for k in dir(cls) if isinstance(getattr(cls, k), property)}
    ours = {*node.params(), *FIXED.get(name, ()), "is_effect", "is_instrument"}
    assert theirs <= ours, "a setting that pedalboard has and the table has not"


def test_latency_is_taken_out_of_parallel_branches() -> None:
    x = noise(2, 5000)
    graph = ng.Graph()
    source = graph.input("in", channels=2)
    out = graph.output("out", channels=2)
    source >> graph.add("fx", PedalboardEffect("Resample", target_sample_rate=16_000.0)) >> out
    source >> graph.add("dry", ng.Gain(gain_db=0.0)) >> out
    wanted = made("Resample")(x, RATE, buffer_size=512) + x
    np.testing.assert_allclose(rendered(graph, x), wanted, atol=1e-6)


def test_tails_are_rendered() -> None:
    x = noise(2, 2000)
    heard = ng.render(around(PedalboardEffect("Delay", delay_seconds=0.25)), x, RATE)
    assert heard.shape[1] >= 2000 + 0.25 * RATE
    assert np.abs(heard[:, 12_000:14_000]).max() > 0.1


def test_a_timed_parameter_changes_at_its_frame() -> None:
    x = noise(2, 3000)
    graph = around(PedalboardEffect(pb.Gain(1.0)))
    found = ng.render(graph, x, RATE, tail=False, changes=[(1234, "fx.gain_db", -20.0)])
    parts = pb.Gain(1.0)(x[:, :1234], RATE), pb.Gain(-20.0)(x[:, 1234:], RATE)
    np.testing.assert_array_equal(found, np.concatenate(parts, axis=1))


@pytest.mark.parametrize("name", ["Reverb", "Resample"])
def test_reset_clears_the_state(name: str) -> None:
    x = noise(2, 2000)
    engine = ng.Engine(around(PedalboardEffect(name)), sample_rate=RATE, max_frames=64)
    first = engine.process(x)
    assert not np.array_equal(engine.process(x), first)
    engine.reset()
    np.testing.assert_array_equal(engine.process(x), first)


def test_a_snapshot_is_refused() -> None:
    x = noise(2, 640)
    engine = ng.Engine(around(PedalboardEffect("Reverb")), sample_rate=RATE, max_frames=64)
    engine.process(x)
    taken = engine.save_state()
    engine.process(x)
    engine.restore_state(taken)
    with pytest.raises(ng.EngineError, match="cannot return to a snapshot"):
        engine.process(x)


def test_errors_in_a_block_are_raised_by_process(monkeypatch: pytest.MonkeyPatch) -> None:
    from namgraph.runtime.adapters.pedalboard.hosting import process as hosted

    graph, x = around(PedalboardEffect("Gain")), noise(2, 600)
    engine = ng.Engine(graph, sample_rate=RATE)
    wanted = engine.process(x)

    def fail(*args: Any) -> Any:
        raise ZeroDivisionError("of all things")

    with monkeypatch.context() as patched:
        patched.setattr(hosted, "_process", fail)
        with pytest.raises(ng.EngineError, match="Gain: of all things") as caught:
            engine.process(x)
        assert isinstance(caught.value.__cause__, ZeroDivisionError)
    np.testing.assert_array_equal(engine.process(x), wanted)


def test_presets_pickles_and_values() -> None:
    node = PedalboardEffect("LadderFilter", mode="HPF24", cutoff_hz=777.0)
    graph = around(node)
    assert loads(dumps(graph)).graph == graph
    assert pickle.loads(pickle.dumps(graph)) == graph
    lower: Any = dataclasses.replace(node, cutoff_hz=500.0)  # type: ignore[call-arg]
    assert lower.cutoff_hz == 500.0
    assert node != PedalboardEffect("LadderFilter", mode="HPF24")
    plugin = pb.LadderFilter(pb.LadderFilter.Mode.HPF24, 777.0)
    assert PedalboardEffect(plugin) == node
    assert hash(PedalboardEffect(plugin)) == hash(node)


def test_a_convolution_names_its_file(tmp_path: Path) -> None:
    import soundfile

    path = str(tmp_path / "ir.wav")
    soundfile.write(path, noise(1, 400)[0], RATE)
    x = noise(2, 5000)
    node = PedalboardEffect("Convolution", impulse_response_filename=path, mix=0.5)
    assert loads(dumps(around(node))).graph == around(node)
    found = rendered(around(node), x)
    np.testing.assert_allclose(found, pb.Convolution(path, 0.5)(x, RATE), atol=1e-4)


def test_a_hosted_plugin_plays() -> None:
    """The shim itself is the VST3 plugin hosted here: it is always available."""

    def no_engines(instance: binding.PluginInstance, rate: float, channels: int) -> None:
        raise AssertionError("not enabled: bypass")

    x = noise(2, 3000)
    with binding.offered_instance("hosted", no_engines, 0b110) as instance:
        instance.latency = 100  # bypass that reports latency: pedalboard drops 100 frames
        path = str(binding.loaded_shim().bundle)
        node = PedalboardEffect(path)
        found = rendered(around(node), x)
        assert loads(dumps(around(node))).graph == around(node)
    np.testing.assert_array_equal(found[:, :2000], x[:, 100:2100])
    assert node.latency(ng.Spec(RATE, 64)) == 100 + 511
    ctypes.memset(ctypes.addressof(instance), 0, 0)


@pytest.mark.parametrize(
    ("arguments", "values", "match"),
    [
        (("Nope",), {}, "must be the path of a plugin, or one of Bitcrush"),
        (("Reverb",), {"rom_size": 0.5}, "no setting 'rom_size'; it has damping"),
        (("Reverb",), {"room_size": 3}, r"room_size is 3: must be a number in \[0, 1\]"),
        (("LadderFilter",), {"mode": "X"}, "mode is 'X': must be one of LPF12"),
        (("Convolution",), {}, "it may need impulse_response_filename"),
        (("/no/such.vst3",), {}, "/no/such.vst3: cannot be loaded"),
        (("Pedalboard",), {}, "join several in the graph itself"),
        ((3,), {}, "effect is 'int'"),
    ],
)
def test_errors_are_one_line(
    arguments: tuple[Any, ...], values: dict[str, Any], match: str
) -> None:
    with pytest.raises(ng.NamgraphError, match=match) as caught:
        PedalboardEffect(*arguments, **values)
    assert "\n" not in str(caught.value)


def test_a_rate_it_cannot_play_is_an_error() -> None:
    with pytest.raises(ng.EngineError, match="MP3"):
        ng.render(around(PedalboardEffect("MP3Compressor")), noise(2), 12_345)


def test_live_and_plugin_graphs_refuse_it_and_name_the_alternative() -> None:
    from namgraph.runtime.adapters.pedalboard import GraphPlugin
    from namgraph.runtime.plan.placement import refuse_offline_nodes

    graph = around(PedalboardEffect("Reverb"))
    with pytest.raises(ng.EngineError, match=r"cannot play in a pedalboard plugin: .*AudioStream"):
        GraphPlugin(graph)
    with pytest.raises(ng.EngineError, match=r"fx .* cannot play in a live stream"):
        refuse_offline_nodes(graph, "a live stream")
    refuse_offline_nodes(around(ng.Gain()), "a live stream")
