"""The plugin binary: the committed one is reproducible; on other systems one is compiled."""

import ctypes
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import namgraph as ng
from namgraph.runtime.adapters.pedalboard.shim import binding, build, library

KNOWN = json.loads(build.MANIFEST.read_text(encoding="utf-8"))


def has_ziglang() -> bool:
    command = [sys.executable, "-m", "ziglang", "version"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() == build.ZIG


def test_sources_and_binary_match_their_checksums() -> None:
    assert KNOWN["ziglang"] == build.ZIG
    assert KNOWN["sources"] == {n: build.checksum(build.HERE / n) for n in build.SOURCES}
    found = {
        p.relative_to(build.PREBUILT).as_posix(): build.checksum(p)
        for p in build.PREBUILT.rglob("*")
        if p.is_file()
    }
    assert found == KNOWN["files"]
    assert set(found) == {build.BINARY}


def test_a_changed_byte_changes_the_checksum(tmp_path: Path) -> None:
    name = next(iter(KNOWN["files"]))
    changed = tmp_path / "changed"
    changed.write_bytes((build.PREBUILT / name).read_bytes()[:-1] + b"!")
    assert build.checksum(changed) != KNOWN["files"][name]


def test_the_binary_is_small() -> None:
    assert (build.PREBUILT / build.BINARY).stat().st_size < 60_000


@pytest.mark.skipif(not has_ziglang(), reason=f"needs ziglang {build.ZIG} (411 MB)")
def test_a_new_build_gives_the_committed_bytes(capsys: pytest.CaptureFixture[str]) -> None:
    assert build.main(["--check"]) == 0
    assert "not" not in capsys.readouterr().out


def test_no_path_of_the_builder_is_inside() -> None:
    content = (build.PREBUILT / build.BINARY).read_bytes()
    assert not re.search(rb"/(root|home|work|Users|tmp)/", content)


def test_linux_needs_no_newer_libc_than_2_17() -> None:
    wanted = re.findall(rb"GLIBC_2\.(\d+)", (build.PREBUILT / build.BINARY).read_bytes())
    assert wanted
    assert all(int(minor) <= 17 for minor in wanted)


def test_python_and_c_agree_on_the_size_of_an_instance() -> None:
    assert binding.loaded_shim().library.namgraph_shim_instance_size() == ctypes.sizeof(
        binding.PluginInstance
    )


@pytest.mark.skipif(not library._is_prebuilt_platform(), reason="prebuilt for Linux x86-64 only")
def test_the_prebuilt_one_is_used() -> None:
    assert build.PREBUILT in library.shim().bundle.parents


@pytest.mark.skipif(not shutil.which("cc"), reason="needs a C compiler")
def test_without_a_prebuilt_one_it_is_compiled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library, "_cache", lambda: tmp_path / "cache")
    found = library.find_shim(prebuilt=tmp_path / "nothing")
    assert tmp_path in found.bundle.parents
    assert found.library.namgraph_shim_instance_size() == ctypes.sizeof(binding.PluginInstance)
    again = library.find_shim(prebuilt=tmp_path / "nothing", commands=[])
    assert again.bundle == found.bundle
    assert not list(tmp_path.rglob("*.part"))


def test_a_compiled_one_plays(tmp_path: Path) -> None:
    pytest.importorskip("pedalboard")
    if not shutil.which("cc"):
        pytest.skip("needs a C compiler")
    script = (
        "import sys, numpy as np\nfrom pathlib import Path\n"
        "from namgraph.runtime.adapters.pedalboard.shim import library\n"
        f"library.PREBUILT = Path({str(tmp_path)!r})\n"
        f"library._cache = lambda: Path({str(tmp_path / 'cache')!r})\n"
        "library.find_shim.__defaults__ = (library.PREBUILT, None)\n"
        "from namgraph.runtime.adapters.pedalboard import GraphPlugin\nimport namgraph as ng\n"
        "g = ng.Graph(); g.input('i', channels=2) >> g.output('o', channels=2)\n"
        "x = np.ones((2, 64), 'f4')\nassert (GraphPlugin(g)(x, 48000) == x).all()\n"
        "print(library.shim().bundle)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=120
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert str(tmp_path) in done.stdout


@pytest.mark.skipif(not shutil.which("cc"), reason="needs a C compiler")
@pytest.mark.parametrize("damage", ["bit", "cut", "empty", "no digest", "swapped"])
def test_a_damaged_one_is_not_opened_but_compiled_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    monkeypatch.setattr(library, "_cache", lambda: tmp_path / "cache")
    bundle = library.find_shim(prebuilt=tmp_path / "nothing").bundle
    file = next(bundle.rglob("*.so"), bundle)
    whole = file.read_bytes()
    file.unlink()  # the one that is open here stays as it is
    middle = len(whole) // 2
    bit = whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :]
    file.write_bytes({"bit": bit, "cut": whole[:middle], "empty": b""}.get(damage, whole))
    if damage in ("no digest", "swapped"):
        library._digest_file(file).write_bytes(b"" if damage == "no digest" else whole)
    with pytest.raises(ng.EngineError, match="no shim"):  # a cut one would end this process
        library.find_shim(prebuilt=tmp_path / "nothing", commands=[])
    assert library.find_shim(prebuilt=tmp_path / "nothing").bundle == bundle
    assert library._is_whole(file)


@pytest.mark.skipif(not shutil.which("cc"), reason="needs a C compiler")
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such bits")
def test_a_cached_one_that_others_may_write_is_not_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library, "_cache", lambda: tmp_path / "cache")
    library.find_shim(prebuilt=tmp_path / "nothing")
    (tmp_path / "cache").chmod(0o777)
    with pytest.raises(ng.EngineError, match=f"cached: {tmp_path / 'cache'} may be written by"):
        library.find_shim(prebuilt=tmp_path / "nothing", commands=[])


def test_without_binary_and_compiler_the_error_names_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library, "_cache", lambda: tmp_path / "cache")
    with pytest.raises(ng.EngineError, match=r"no shim .* install a C compiler .* namgraph.Board"):
        library.find_shim(prebuilt=tmp_path, commands=[])
    with pytest.raises(ng.EngineError, match="no-such-compiler"):
        library.find_shim(prebuilt=tmp_path, commands=[["no-such-compiler"]])


@pytest.mark.skipif(not library._is_prebuilt_platform(), reason="prebuilt for Linux x86-64 only")
def test_a_library_that_is_not_the_shim_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library, "_cache", lambda: tmp_path / "cache")
    file = tmp_path / build.BINARY
    file.parent.mkdir(parents=True)
    file.write_bytes(b"no library")
    with pytest.raises(ng.EngineError, match="prebuilt: "):
        library.find_shim(prebuilt=tmp_path, commands=[])


def test_importing_namgraph_imports_no_pedalboard() -> None:
    script = (
        "import sys, namgraph, namgraph.runtime.adapters.pedalboard\n"
        "import namgraph.nodes.pedalboard_effect\n"
        "assert not [m for m in sys.modules if m.startswith('pedalboard')]\n"
        "namgraph.runtime.adapters.pedalboard.GraphPlugin\n"
        "assert 'pedalboard' in sys.modules\n"
    )
    pytest.importorskip("pedalboard")
    subprocess.run([sys.executable, "-c", script], check=True, timeout=120)


def test_without_pedalboard_it_says_how_to_get_it() -> None:
    script = (
        "import sys\nsys.modules['pedalboard'] = None\n"
        "import namgraph as ng\nfrom namgraph.runtime.adapters import pedalboard\n"
        "try:\n    pedalboard.GraphPlugin\nexcept ng.EngineError as e:\n    print(e)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=120
    )
    assert 'pip install "pedalboard' in done.stdout


@pytest.mark.parametrize("version", ["0.9.22", "0.9.26", "0.9.30"])
def test_a_pedalboard_in_range_is_taken(version: str) -> None:
    from namgraph.runtime.io.pedalboard_module import check_pedalboard

    check_pedalboard(version)


@pytest.mark.parametrize("version", ["0.9.21", "0.8.9", "0.10.0", "1.0.0"])
def test_a_pedalboard_out_of_range_is_refused_by_name(version: str) -> None:
    from namgraph.runtime.io.pedalboard_module import check_pedalboard

    with pytest.raises(ng.EngineError, match=f"pedalboard is {version}: must be 0.9.22"):
        check_pedalboard(version)
