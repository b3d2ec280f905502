"""Settings drawn at random: the same whatever else a job renders, in range, in names."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import namgraph as ng
from namgraph.cli.main import main
from namgraph.presets.batch.job import read_job
from namgraph.presets.batch.samplers import Sampler, sampler_of, uniform_number

from .jobs import RATE, do, entries, read, write

DRAWN = {
    "amp.input_db": {"uniform": [-12, 12]},
    "amp.output_db": {"normal": [0, 3, -6, 6]},
    "amp.levels": {"choice": ["raw", "normalized"]},
}


def drawn(**keys: Any) -> dict[str, dict[str, Any]]:
    """Write a job; return what is drawn for each file."""
    write(**{"settings": DRAWN, "variants": 3, "seed": 1, **keys})
    return {item.file: dict(item.sampled) for item in read_job("job.json").items}


def test_values_depend_on_seed_item_and_name_alone(takes: Path) -> None:
    before = drawn(inputs=["b.wav"])
    assert len(before) == 6
    assert list(before)[:2] == ["crunch-lstm/b-v001.wav", "crunch-lstm/b-v002.wav"]
    assert len({json.dumps(values) for values in before.values()}) == 6
    wider = drawn(inputs=["a.wav", "b.wav"], variants=5)
    assert {file: wider[file] for file in before} == before
    turned = drawn(inputs=["b.wav"], settings=dict(reversed(DRAWN.items())))
    assert turned == before
    alone = drawn(inputs=["b.wav"], settings={"amp.input_db": DRAWN["amp.input_db"]})
    assert all(alone[f]["amp.input_db"] == before[f]["amp.input_db"] for f in before)
    fixed = drawn(inputs=["b.wav"], settings={**DRAWN, "amp.slim": 1.0})
    assert fixed == before
    assert drawn(inputs=["b.wav"], seed=2) != before


def test_a_moved_job_draws_the_same(takes: Path) -> None:
    before = drawn()
    moved = takes.with_name("moved")
    takes.rename(moved)
    job = read_job(moved / "job.json")
    assert {item.file: dict(item.sampled) for item in job.items} == before
    moved.rename(takes)


def test_files_are_what_render_makes_with_the_values_of_the_manifest(takes: Path) -> None:
    write(settings=DRAWN, variants=2, subtype="float", models="crunch-*.nam")
    assert do(threads=2).made == 8
    for name, entry in entries().items():
        values = {key.removeprefix("amp."): value for key, value in entry["settings"].items()}
        amp = ng.Nam(entry["model"].removeprefix("../"), **values)
        wanted = ng.render(amp, read(entry["input"].removeprefix("../")), RATE, tail=False)
        np.testing.assert_array_equal(read(f"out/{name}"), wanted)
        assert f"-v{entry['variant']:03d}.wav" in name
    assert do().made == 0
    write(settings=DRAWN, variants=3, subtype="float", models="crunch-*.nam")
    assert (again := do()).made == 4
    assert again.kept == 8


@pytest.mark.parametrize(
    ("kind", "values", "mean"),
    [
        ("uniform", [-2.0, 4.0], 1.0),
        ("log_uniform", [1.0, 100.0], 99 / math.log(100)),
        ("integer", [1, 4], 2.5),
        ("normal", [3.0, 2.0], 3.0),
        ("normal", [0.0, 1.0, -1.0, 1.0], 0.0),
        ("choice", [1, 2, 6], 3.0),
    ],
)
def test_draws_follow_their_distribution(kind: str, values: list[Any], mean: float) -> None:
    sampler = sampler_of("x", {kind: values})
    assert sampler is not None
    found = np.array([sampler.at(uniform_number(7, ["a", k], "x")) for k in range(4000)])
    spread = found.std() / math.sqrt(len(found))
    assert abs(found.mean() - mean) < 4.5 * spread
    if kind == "normal" and len(values) == 2:
        assert found.std() == pytest.approx(2.0, rel=0.05)
    else:
        limits = values[2:] if kind == "normal" else values
        assert min(limits) <= found.min() <= found.max() <= max(limits)
    if kind in ("integer", "choice"):
        assert set(found) == ({1, 2, 3, 4} if kind == "integer" else {1, 2, 6})


def test_extreme_shares_stay_in_range() -> None:
    for share in (0.0, math.nextafter(1.0, 0.0)):
        assert 1.0 <= Sampler("log_uniform", (1.0, 3.0)).at(share) <= 3.0
        assert math.isfinite(Sampler("normal", (0.0, 1.0)).at(share))
        assert Sampler("integer", (0, 2)).at(share) in (0, 2)
        assert Sampler("normal", (5.0, 0.0)).at(share) == 5.0


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        (
            {"settings": {"amp.input_db": {"uniform": [3, -3]}}},
            "amp.input_db.uniform is [3, -3]: must be [low, high], the",
        ),
        ({"settings": {"amp.input_db": {"gauss": [0, 3]}}}, "has 'gauss', which is no sampler: "),
        ({"settings": {"amp.input_db": {"uniform": [1]}}}, "must be [low, high]"),
        ({"settings": {"amp.input_db": {"uniform": "x"}}}, "must be [low, high]"),
        ({"settings": {"amp.input_db": {"log_uniform": [0, 3]}}}, "both above 0"),
        ({"settings": {"amp.input_db": {"integer": [0, 1.5]}}}, "whole numbers"),
        ({"settings": {"amp.input_db": {"normal": [0, -1]}}}, "standard deviation"),
        ({"settings": {"amp.input_db": {"normal": [0, 1, 90, 91]}}}, "standard deviation"),
        ({"settings": {"amp.input_db": {"choice": []}}}, "at least one"),
        ({"settings": DRAWN, "variants": 0}, "variants is 0: must be a whole number from 1"),
        ({"settings": DRAWN, "variants": True}, "variants is True"),
        ({"settings": DRAWN, "seed": -1}, "seed is -1"),
        ({"variants": 2}, "variants: no setting is drawn at random"),
        ({"settings": DRAWN, "variants": 2, "name": "{input}-{model}"}, "would be two files"),
    ],
)
def test_a_wrong_sampler_is_an_error(takes: Path, keys: dict[str, Any], said: str) -> None:
    with pytest.raises(ng.JobError) as error:
        read_job(write(**keys))
    assert said in str(error.value)


def test_a_job_file_is_set_no_sampler(takes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write()
    given = '{"uniform": [-3, 3]}'
    assert main(["batch", "job.json", "--set", f"amp.input_db={given}"]) == 2
    assert "--set amp.input_db: is a sampler: must be in the settings of" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"amp.input_db": {"uniform": [-12, 99]}}, "input_db is 99"),
        ({"amp.input_db": {"normal": [0, 1e-9, -99, 0]}}, "input_db is -99"),
        ({"amp.levels": {"choice": ["raw"] * 50 + ["loud"]}}, "levels is 'loud'"),
        ({"amp.colour": {"uniform": [0, 1]}}, "amp (nam) has no 'colour'"),
    ],
)
def test_what_may_be_drawn_is_checked_before_the_first_file(
    takes: Path, settings: dict[str, Any], said: str
) -> None:
    write(settings=settings)
    with pytest.raises(ng.JobError) as error:
        do()
    assert said in str(error.value)
    assert not Path("out").exists()
