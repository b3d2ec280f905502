"""``docs/racks.md`` and its pictures say what the presets are."""

import json
from pathlib import Path

import pytest

from namgraph.cli.main import main
from namgraph.cli.plot import page
from namgraph.cli.plot.page import FIGURES, PAGE, digest, measure_racks, pages, write_page
from namgraph.presets import bundled
from namgraph.presets.bundled import shipped_presets

DOCS = Path(__file__).resolve().parents[3] / "docs"
STALE = "run `namgraph plot --all docs`"
KEPT = json.loads((DOCS / FIGURES).read_text(encoding="utf-8"))


def test_the_figures_are_those_of_the_racks_that_ship() -> None:
    assert {name: row["digest"] for name, row in KEPT.items()} == {
        name: digest(name) for name in shipped_presets()
    }, STALE


def test_page_and_pictures_are_up_to_date_byte_for_byte() -> None:
    made = pages(KEPT)
    for name, text in made.items():
        assert (DOCS / name).read_bytes() == text.encode(), f"{name}: {STALE}"
    pictures = {f"racks/{p.name}" for p in (DOCS / "racks").iterdir()} | {PAGE}
    assert pictures == set(made), STALE


def test_measuring_gives_the_figures_of_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of one rack: the others are rendered by their own tests."""
    one = {"plugin": shipped_presets()["plugin"]}
    monkeypatch.setattr(page, "shipped_presets", lambda: one)
    shares: list[float] = []
    found = measure_racks(progress=shares.append)["plugin"]
    assert shares == [1.0]
    kept = KEPT["plugin"]
    for new, old in zip(found["level"], kept["level"], strict=True):
        assert float(new.split()[0]) == pytest.approx(float(old.split()[0]), abs=0.11)
    assert found["ports"].keys() == kept["ports"].keys()
    assert (found["latency"], found["tail"]) == (kept["latency"], kept["tail"])
    (tmp_path / "racks").mkdir()
    (tmp_path / "racks" / "gone.svg").write_text("of a rack that does not ship any more")
    (tmp_path / "racks" / "mine.svg").write_text("of the user")
    (tmp_path / FIGURES).write_text('{"gone": {}}')
    files = [Path(name).relative_to(tmp_path) for name in write_page(tmp_path)]
    assert [f.as_posix() for f in files] == [PAGE, FIGURES, "racks/plugin.svg"]
    left = {p.name for p in (tmp_path / "racks").iterdir()}
    assert left == {"figures.json", "plugin.svg", "mine.svg"}


def test_every_rack_has_a_row_a_section_and_a_picture() -> None:
    text = pages(KEPT)[PAGE]
    for name in shipped_presets():
        assert f"\n| [{name}](#{name}) | " in text
        assert f"\n## {name}\n" in text
        assert f"](racks/{name}.svg)" in text


def test_a_changed_preset_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    changed = tmp_path / "plugin.json"
    text = shipped_presets()["plugin"].read_text(encoding="utf-8")
    changed.write_text(text.replace("asset:", f"{bundled.HERE.as_posix()}/assets/"))
    before = digest("plugin")
    monkeypatch.setattr(page, "shipped_presets", lambda: {"plugin": changed})
    assert digest("plugin") != before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["crunch", "--all", "x"], "THING does nothing with --all: must be left out"),
        (["--all", "x", "-o", "a.svg"], "--output does nothing with --all"),
        (["--all", "file/x"], "file/x: cannot be made: Not a directory"),
    ],
)
def test_wrong_arguments_are_one_line(
    arguments: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file").write_text("")
    assert main(["plot", *arguments]) == 2
    err = capsys.readouterr().err
    assert said in err
    assert err.count("\n") == 1
