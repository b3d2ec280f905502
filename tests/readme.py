"""Run README.md as a reader would who pastes it: every shell line and every Python block, in order.

    python tests/readme.py [README.md]

Meant for a fresh virtual environment, which the page's own first line fills; ``.ci/run`` does so.
All is run in a copy of the checkout.  A line or block that says ``needs a sound card``, ``needs a
GPU`` or ``takes minutes`` in a comment is not run as it is: a shell line is only checked (verbs,
options and values by the command's own parser, extras, modules), and a Python block is run with the
replacements in ``STAND_INS``.  The line that runs pytest is only checked too: ``.ci/run`` runs the
tests.  Uses Python's library alone, and namgraph once it is installed.
"""

import contextlib
import io
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = [
    "ROOT",
    "Block",
    "blocks",
    "check_line",
    "faults",
    "inline_commands",
    "lines",
    "run_python",
]

ROOT = Path(__file__).resolve().parents[1]
STAND_INS = {
    "needs a sound card": ("ng.LiveStream(", "ng.NullStream("),
    "needs a GPU": ('backend="cuda"', 'backend="cpu"'),
}
"""What a Python block says it needs, and the text replaced there to run it without."""
NOT_RUN = (*STAND_INS, "takes minutes", "&& pytest")
LIMIT_S = 900
LEFT_OUT = (
    ".git",
    ".venv",
    "venv",
    "build",
    "dist",
    ".dev",
    ".*_cache",
    "__pycache__",
    "*.egg-info",
)
Fault = tuple[int, str]
"""A line of the page, and what is wrong there."""


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, the number of its first line, the output after it."""

    language: str
    text: str
    line: int
    output: str | None = None


def blocks(page: str) -> list[Block]:
    """Return the fenced blocks of a page; a block ``output`` belongs to the one before it."""
    found: list[Block] = []
    for match in re.finditer(r"^```(\w*)\n(.*?)^```$", page, re.DOTALL | re.MULTILINE):
        block = Block(match[1], match[2], page.count("\n", 0, match.start(2)) + 1)
        if block.language == "output" and found:
            last = found.pop()
            block = Block(last.language, last.text, last.line, block.text)
        found.append(block)
    return found


def lines(block: Block) -> Iterator[tuple[int, str]]:
    """Return the numbered lines of a shell block, comments included."""
    for offset, line in enumerate(block.text.splitlines()):
        if line.strip() and not line.startswith("#"):
            yield block.line + offset, line


def inline_commands(page: str) -> Iterator[tuple[int, str]]:
    """Return what stands between single backticks, outside blocks, and begins as a command does."""
    text = re.sub(r"^```.*?^```$", lambda m: "\n" * m[0].count("\n"), page, flags=re.S | re.M)
    for match in re.finditer(r"`((?:namgraph|python|pip|pytest) [^`]+)`", text):
        yield text.count("\n", 0, match.start()) + 1, match[1].replace("\\|", "|")


def check_line(line: str, root: Path = ROOT) -> str:
    """Return the error in a shell line that can be found without running it, or ""."""
    words = shlex.split(line, comments=True)
    command: list[str] = []
    for word in [*words, "&&"]:
        if word != "&&":
            command.append(word)
            continue
        if wrong := _check(command, root):
            return wrong
        command = []
    return ""


def _check(command: list[str], root: Path) -> str:
    match command:
        case ["namgraph", *arguments]:
            return _check_verb(arguments)
        case ["pip", "install", *what]:
            return _check_extras([w for w in what if w != "-e"], root)
        case ["python", "-m", module, *options]:
            name, *inside = module.split(".")
            file = root.joinpath(*inside).with_suffix(".py")
            if name != "namgraph" or not file.is_file():
                return f"there is no module {module}"
            text = file.read_text(encoding="utf-8")
            missing = [o for o in options if o.startswith("-") and f'"{o}"' not in text]
            return f"{module} has no option {missing[0]}" if missing else ""
        case ["pytest" | "echo", *_]:
            return ""
    return f"nobody knows how to check {' '.join(command)!r}"


def _check_verb(arguments: list[str]) -> str:
    """Parse as the command itself does."""
    from namgraph.cli.main import build_parser

    errors = io.StringIO()
    with contextlib.redirect_stderr(errors), contextlib.redirect_stdout(io.StringIO()):
        try:
            build_parser().parse_args(arguments)
        except SystemExit as stop:
            return errors.getvalue().strip() if stop.code else ""
    return ""


def _check_extras(what: list[str], root: Path) -> str:
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for target in what:
        found = re.fullmatch(r"\.(?:\[(\S+)\])?", target)
        if not found:
            return f"pip would look for {target} in an index: must be this folder"
        for extra in (found[1] or "").split(","):
            if extra and extra not in project["optional-dependencies"]:
                return f"there is no extra {extra}"
    return ""


def run_python(block: Block, folder: Path) -> str:
    """Run a Python block as a script of its own; return what is wrong, or ""."""
    text = block.text
    for need, (real, stand_in) in STAND_INS.items():
        if need in text:
            if real not in text:
                return f"{need}, but {real} is not there"
            text = text.replace(real, stand_in)
    done = _run([sys.executable, "-W", "error", "-c", text], folder)
    if done.returncode or done.stderr:
        return f"exit code {done.returncode}: {done.stderr.strip()[-2000:]}"
    if block.output is not None and done.stdout != block.output:
        return f"prints {done.stdout!r}: the page says {block.output!r}"
    return ""


def run_line(line: str, folder: Path) -> str:
    """Run a shell line; return what is wrong, or ""."""
    done = _run(["bash", "-c", line], folder)
    return f"exit code {done.returncode}: {done.stderr.strip()[-2000:]}" if done.returncode else ""


def _run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )


def faults(page: str, folder: Path, say: bool = False) -> list[Fault]:
    """Run a whole page in a folder; return what does not hold."""
    found: list[Fault] = []

    def note(line: int, what: str, wrong: str) -> None:
        if say:
            print(f"{line:4} {'FAILED' if wrong else 'holds'}  {what}", flush=True)
        if wrong:
            found.append((line, f"{what}: {wrong}"))

    for block in blocks(page):
        if block.language == "python":
            note(block.line, f"{block.text.count(chr(10))} lines", run_python(block, folder))
        elif block.language == "sh":
            for number, line in lines(block):
                skipped = any(need in line for need in NOT_RUN)
                wrong = "" if skipped else run_line(line, folder)
                note(number, line, wrong or check_line(line, folder))
        else:
            note(block.line, block.language, "a block is sh, python, or output after these")
    for number, line in inline_commands(page):
        note(number, line, check_line(line, folder))
    return found


def main(page: Path) -> int:
    """Run a page in a copy of the checkout; return 1 if anything does not hold."""
    with tempfile.TemporaryDirectory(prefix="namgraph-readme-") as work:
        folder = Path(work, "namgraph")
        shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*LEFT_OUT))
        found = faults(page.read_text(encoding="utf-8"), folder, say=True)
    for line, wrong in found:
        print(f"{page.name}:{line}: {wrong}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if sys.argv[1:] else ROOT / "README.md"))
