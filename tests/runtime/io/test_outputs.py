"""Output paths: none may be an input in any spelling, or the same file as another output."""

import os
import socket
from pathlib import Path

import pytest

from namgraph import AudioFileError, FileError
from namgraph.runtime.io.outputs import check_outputs

POSIX = pytest.mark.skipif(os.name != "posix", reason="links and pipes of POSIX")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a cabinet that is read, under several names."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sub").mkdir()
    (tmp_path / "cab.wav").write_bytes(b"the cabinet")
    return tmp_path


@POSIX
@pytest.mark.parametrize(
    "output", ["cab.wav", "./cab.wav", "sub/../cab.wav", "link.wav", "hard.wav"]
)
@pytest.mark.parametrize("read", ["cab.wav", "sub/../cab.wav", "link.wav", "sub/back/cab.wav"])
def test_an_input_cannot_be_an_output(folder: Path, output: str, read: str) -> None:
    os.link("cab.wav", "hard.wav")
    os.symlink("cab.wav", "link.wav")
    os.symlink(folder, "sub/back")
    with pytest.raises(AudioFileError) as caught:
        check_outputs([output], {read: "the cabinet"}, AudioFileError)
    where = "" if output == read else f" ({read})"
    assert str(caught.value) == (
        f"{output}: is the cabinet{where}, which would be replaced: give the output another name"
    )
    check_outputs(["cab.wave", "sub/cab.wav", Path("new.wav")], {read: "the cabinet"})


def test_another_case_is_the_same_file_on_such_file_systems(folder: Path) -> None:
    if not Path("CAB.WAV").exists():
        check_outputs(["CAB.WAV"], {"cab.wav": "the cabinet"})
        return
    with pytest.raises(FileError, match="is the cabinet"):
        check_outputs(["CAB.WAV"], {"cab.wav": "the cabinet"})


@POSIX
def test_an_output_inside_an_input_folder_is_refused(folder: Path) -> None:
    (folder / "amp.vst3" / "Contents").mkdir(parents=True)
    os.symlink("amp.vst3/Contents", "inside")
    for output in ("amp.vst3/Contents/out.wav", "inside/out.wav"):
        with pytest.raises(FileError, match=r"lies in the plugin \(amp.vst3\)"):
            check_outputs([output], {"amp.vst3": "the plugin"})
    check_outputs(["amp.wav"], {"amp.vst3": "the plugin"})


@POSIX
@pytest.mark.parametrize(
    ("first", "second"),
    [("a.wav", "a.wav"), ("a.wav", "sub/../a.wav"), ("a.wav", "A.wav"), ("to.wav", "sub/b.wav")],
)
def test_two_outputs_must_be_two_files(folder: Path, first: str, second: str) -> None:
    os.symlink("sub/b.wav", "to.wav")
    with pytest.raises(FileError, match="another output too"):
        check_outputs([first, second], {})
    check_outputs([first, "other.wav"], {})


def test_two_spellings_of_one_letter_are_one_name(folder: Path) -> None:
    with pytest.raises(FileError, match="another output too"):
        check_outputs(["\u00e9.wav", "e\u0301.wav"], {})


@POSIX
def test_an_output_must_be_a_plain_file(folder: Path) -> None:
    os.mkfifo("pipe")
    with socket.socket(socket.AF_UNIX) as held:
        held.bind("socket")
    for output, kind in (
        ("sub", "a folder"),
        ("pipe", "a pipe"),
        ("socket", "a socket"),
        ("/dev/null", "a device"),
    ):
        with pytest.raises(FileError) as caught:
            check_outputs([output], {})
        assert str(caught.value) == (f"{output}: cannot be written: it is {kind}, not a plain file")


def test_missing_inputs_are_ignored(folder: Path) -> None:
    check_outputs(["a.wav", "no/such/folder/b.wav", "zero\0byte"], {"none.wav": "", "zero\0": ""})
