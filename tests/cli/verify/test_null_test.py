"""``namgraph verify``: what holds, what fails and where, and what is refused."""

import json
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from namgraph.cli.main import main
from namgraph.cli.verify import null_test as module, plot as plot_module, torch_reference
from namgraph.cli.verify.null_test import BLOCKS, compare, verify
from namgraph.cli.verify.report import format_report
from namgraph.graph import AudioFileError, NamFileError, ParamError

from ...nodes import bad
from ...nodes.nam import nets
from .takes import DI, RATE, against, wav

# --- what holds


def test_a_model_against_itself(there: Path) -> None:
    found = against()
    assert found.holds
    assert found.null is not None
    assert found.null.max_error == 0.0
    assert [c.block for c in found.blocks] == list(BLOCKS)
    assert all(c.identical and c.after_reset for c in found.blocks)
    assert found.values()["against"]["tolerance"] == 1e-5


def test_without_a_reference_it_says_what_was_not_verified(there: Path) -> None:
    found = verify("model.nam", source="in.wav")
    assert found.holds
    assert found.null is None
    assert "no reference: only what is above was verified" in format_report(found.values())


def test_the_shipped_guitar_is_the_input_at_any_rate(there: Path) -> None:
    nets.write(there, nets.lstm(2, 1, rate=8_000), "slow.nam")
    found = verify("slow.nam")
    assert (found.source, found.rate) == ("di.wav", 8_000)
    assert found.holds


def test_an_lstm_may_be_off_by_twice_as_much(there: Path) -> None:
    sizes = nets.container(nets.lstm(2, 1), nets.wavenet(nets.array(2, [1])))
    nets.write(there, sizes, "model.nam")
    quiet = DI + np.float32(1.0)
    wav("ref.wav", quiet)
    for slim, tolerance in ((0.0, 2e-5), (1.0, 1e-5)):
        null = against(slim=slim).null
        assert null is not None
        assert null.tolerance == tolerance


def test_a_reference_in_few_bits_is_allowed_one_step(there: Path) -> None:
    reference = soundfile.read("ref.wav", dtype="float32")[0]
    assert np.abs(reference).max() < 1.0
    wav("coarse.wav", reference, subtype="PCM_16")
    found = against("coarse.wav").null
    assert found is not None
    assert found.max_error > 1e-5
    assert found.holds
    assert found.tolerance == pytest.approx(1e-5 + 2.0**-15 / found.peak)


# --- what fails


@pytest.mark.parametrize(("error", "holds"), [(0.9e-5, True), (1.1e-5, False), (0.01, False)])
def test_one_wrong_sample_is_found(there: Path, error: float, holds: bool) -> None:
    reference = soundfile.read("ref.wav", dtype="float64")[0]
    reference[1234] += error * np.abs(reference).max()
    wav("other.wav", reference)
    null = against("other.wav").null
    assert null is not None
    assert null.worst_frame == 1234
    assert null.max_error == pytest.approx(error, rel=0.02)
    assert null.rms_error == pytest.approx(error / DI.size**0.5, rel=0.02)
    assert null.holds is holds


def test_samples_that_are_no_numbers_are_the_worst() -> None:
    wanted = np.linspace(0.0, 1.0, 100, dtype=np.float32)
    found = wanted.copy()
    found[40] = np.nan
    null = compare(found, wanted, "here", 1e-5)
    assert (null.worst_frame, null.max_error, null.holds) == (40, float("inf"), False)


@pytest.mark.parametrize("kernel", [bad.counts_blocks, bad.leaves_out])
def test_output_that_depends_on_block_size_is_found(kernel: Any) -> None:
    _, results = module._play(bad.make(kernel), DI[:500], RATE)
    found = {c.block: c for c in results}
    assert found[64].identical
    assert not found[17].identical
    assert found[17].first_difference is not None


def test_a_model_that_survives_a_reset_is_found() -> None:
    made = bad.make(bad.remembers_elsewhere)
    _, results = module._play(made, np.ones(500, np.float32), RATE)
    assert not any(c.after_reset for c in results)


def test_a_model_that_was_muted_is_found(there: Path) -> None:
    loud = nets.wavenet(nets.array(1, [1], activation="ReLU"))
    loud["weights"] = [3e38] * len(loud["weights"])
    nets.write(there, loud, "model.nam")
    found = verify("model.nam", source="in.wav")
    assert any(c.muted for c in found.blocks)
    assert not found.holds


# --- the command


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    try:
        code = main(["verify", *arguments])
    except SystemExit as stop:
        code = int(stop.code or 0)
    return (code, *capsys.readouterr())


def test_exit_codes_and_the_table(there: Path, capsys: pytest.CaptureFixture[str]) -> None:
    usual = ("model.nam", "--input", "in.wav", "--against")
    code, out, err = run(capsys, *usual, "ref.wav")
    assert (code, err) == (0, "")
    assert out.splitlines()[-1] == "holds"
    assert "4096  identical" in out
    wav("other.wav", -DI)
    code, out, err = run(capsys, *usual, "other.wav")
    assert (code, err) == (1, "")
    assert out.splitlines()[-1] == "FAILS"
    assert run(capsys, *usual, "other.wav", "--tolerance", "1")[0] in (0, 1)
    code, out, err = run(capsys, *usual, "no.wav")
    assert (code, out) == (2, "")
    assert err == "namgraph: error: no.wav: cannot be read: No such file or directory\n"


def test_json(there: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "model.nam", "--input", "in.wav", "--against", "ref.wav", "--json")
    found = json.loads(out)
    assert (code, found["holds"], found["against"]["worst_frame"]) == (0, True, 0)
    assert [row["block"] for row in found["blocks"]] == list(BLOCKS)


def test_plot(there: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("matplotlib")
    wav("other.wav", soundfile.read("ref.wav")[0] + 1e-4)
    usual = ("model.nam", "--input", "in.wav")
    assert run(capsys, *usual, "--against", "other.wav", "--plot", "null.png")[0] == 1
    assert Path("null.png").read_bytes()[:4] == b"\x89PNG"
    code, _, err = run(capsys, *usual, "--plot", "null.png")
    assert (code, "give --against as well" in err) == (2, True)
    assert run(capsys, *usual, "--against", "ref.wav", "--plot", "null.gif")[0] == 2


@pytest.mark.parametrize("error", [0.0, 1e-4])
def test_the_legend_is_clear_of_the_curves_and_a_perfect_null_is_written(
    there: Path, monkeypatch: pytest.MonkeyPatch, error: float
) -> None:
    pytest.importorskip("matplotlib")
    figures: list[Any] = []
    monkeypatch.setattr(plot_module, "save", lambda figure, target: figures.append(figure))
    wav("other.wav", soundfile.read("ref.wav")[0] + error)
    report = verify("model.nam", source="in.wav", against="other.wav")
    plot_module.plot(report, "null.png")
    (figure,) = figures
    figure.canvas.draw()
    for axes in figure.axes:
        legend = axes.get_legend().get_window_extent()
        assert legend.y0 >= axes.get_window_extent().y1  # above the axes: no curve is there
        assert legend.x0 > axes.title.get_window_extent().x1
        said = [text.get_text() for text in axes.texts]
        assert said == (["perfect null: all 4000 samples are equal"] if error == 0.0 else [])
        assert np.isfinite(axes.get_ylim()).all()
        lines = {line.get_label(): line.get_ydata() for line in axes.get_lines()}
        assert np.all(lines.get("difference: exactly 0", -200.0) == -200.0)
        assert ("difference" in lines) == (error > 0.0)


@pytest.mark.parametrize(
    ("samples", "rate", "said"),
    [
        (DI[:-1], RATE, "has 3999 frames, the input 4000"),
        (DI, 44_100, "its rate is 44100 Hz, the model's 48000 Hz"),
        (np.stack([DI, DI], axis=1), RATE, "has 2 channels, a model has 1"),
        (np.zeros(DI.size), RATE, "is silent"),
    ],
)
def test_a_reference_that_cannot_be_one(there: Path, samples: Any, rate: int, said: str) -> None:
    wav("other.wav", samples, rate)
    with pytest.raises(AudioFileError, match=said):
        against("other.wav")


@pytest.mark.parametrize("tolerance", [0.0, -1.0, 2.0, float("nan")])
def test_a_tolerance_that_cannot_be(there: Path, tolerance: float) -> None:
    with pytest.raises(ParamError, match="tolerance is"):
        against(tolerance=tolerance)


def test_a_model_of_more_channels(there: Path) -> None:
    row = nets.array(1, [1], inputs=2) | {"condition_size": 2}
    model = nets.wavenet(row)
    model["config"]["in_channels"] = 2
    model["weights"].insert(0, 0.1)  # of the wider condition
    nets.write(there, model, "wide.nam")
    with pytest.raises(NamFileError, match=r"wide.nam: has 2 channels in and 1 out"):
        verify("wide.nam")


# --- the trainer


def test_the_trainer_is_asked_for(there: Path, capsys: pytest.CaptureFixture[str],
                                  monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    code, out, err = run(capsys, "model.nam", "--against", "torch")
    assert (code, out) == (2, "")
    assert 'pip install "neural-amp-modeler' in err
    assert err.count("\n") == 1


def test_a_trainer_that_cannot_play_a_file_is_one_line(
    there: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(values: Any) -> None:
        raise KeyError("ConvNet")

    fake: Any = types.ModuleType("fake")
    fake.init_from_nam = refuse
    monkeypatch.setattr("importlib.util.find_spec", lambda name: object())
    monkeypatch.setattr("importlib.import_module", lambda name: fake)
    with pytest.raises(NamFileError, match="the trainer cannot play it: KeyError: 'ConvNet'"):
        against("torch")


def test_the_trainers_model_is_chosen_as_here() -> None:
    sizes = nets.container(nets.lstm(2, 1), nets.lstm(3, 1))
    for slim, hidden in ((0.0, 2), (0.49, 2), (0.5, 3), (1.0, 3)):
        assert torch_reference._chosen(sizes, slim)["config"]["hidden_size"] == hidden


def test_activations_with_settings_are_told_to_the_trainer_with_gating_modes() -> None:
    (row,) = torch_reference._chosen(nets.a2(3), 1.0)["config"]["layers"]
    assert row["gating_mode"] == ["none"] * len(row["dilations"])
    assert row["secondary_activation"] == [None] * len(row["dilations"])
    assert row["activation"][0] == {"type": "LeakyReLU", "negative_slope": 0.01}
    (plain,) = torch_reference._chosen(nets.wavenet(nets.array(3, [1])), 1.0)["config"]["layers"]
    assert "gating_mode" not in plain


def test_what_is_no_nam_file_is_refused_by_name() -> None:
    with pytest.raises(NamFileError, match=r"it: the trainer cannot play it: it is no \.nam file"):
        torch_reference.network_of({}, "it")


@pytest.mark.slow
@pytest.mark.parametrize(
    "model", [nets.lstm(3, 2), nets.wavenet(nets.array(3, [1, 4], bias=True)), nets.a1("nano")]
)
def test_against_the_trainer_itself(there: Path, model: Any) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("nam")
    nets.write(there, model, "model.nam")
    found = verify("model.nam", source="in.wav", against="torch")
    assert found.holds, format_report(found.values())
    assert "nam.models" in sys.modules
