"""Check that the machine code of a kernel calls only pure functions; build the error if not.

A kernel runs on the audio thread, where nothing may allocate, call Python or raise.  The check
reads LLVM's module after optimisation: every function that it still declares is called on some
path of the kernel, and must be one that ``machine_code.py`` allows.  Returns of an error (Numba's
way to raise) are found in the same way: each is preceded by a call of a function that does not
exist, an *exit mark*, and where LLVM can prove that the return is never reached, the mark is
gone.

While a kernel is lowered, ``Sites`` records the source line of each call, for the message.
"""

import dis
import linecache
import re
from collections.abc import Callable, Collection, Iterable
from typing import Any

from llvmlite import ir
from numba.core import ir as statements
from numba.core.errors import NumbaError
from numba.core.ir import Loc

from ....graph import KernelError

__all__ = [
    "Sites",
    "cannot_compile",
    "refusal",
    "refuse_bytecode",
    "refuse_statements",
]

_EXIT = "namgraph.error_exit."
_RAISES_TEXT = "can raise, which nothing on the audio thread would catch: test for the case first"
_PASSES_ON_TEXT = (
    "calls what can raise, which nothing on the audio thread would catch: test for the case first "
    "(in a function of numba.njit division by zero raises, in one of ng.helper it does not)"
)
_OPCODES = {
    "MAKE_FUNCTION": "makes a function (a comprehension is one too): write a loop",
    "BEFORE_WITH": "is a with statement: a kernel must have none",
    "IMPORT_NAME": "imports: import the module outside the kernel",
}
_RAISES = (
    statements.Raise
    | statements.StaticRaise
    | statements.DynamicRaise
    | statements.TryRaise
    | statements.StaticTryRaise
    | statements.DynamicTryRaise
)
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_NOISE = re.compile(r"Failed in \w+ mode pipeline|During: |- Resolution|\^|-+$|There are \d+ cand")
# The message for each kind of symbol, most specific first; the last pattern matches all others.
_MEANINGS = [
    (
        re.compile(r"_*(NRT_(?!MemInfo_call_dtor)|nrt_|(malloc|calloc|realloc|aligned_alloc)$)"),
        "allocates memory: ask for it in prepare (io.memory.state, .scratch), use it by ng.floats",
    ),
    (
        re.compile(r"_*(Py|numba_)"),
        "needs the Python interpreter: a kernel must compute with numbers only",
    ),
    (
        re.compile("NRT_MemInfo_call_dtor$"),
        "counts references to an array, and may free it: index arrays without slicing them, or "
        "keep them with io.memory.constant and read them by ng.floats",
    ),
    (re.compile(re.escape(_EXIT)), _RAISES_TEXT),
    (re.compile(""), "may allocate, lock or wait: a kernel must compute with numbers only"),
]


class Sites:
    """The source line of each call in a kernel and the helpers inlined into it."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, Any]] = []
        self.exits: list[str] = []
        self.passed_on: set[str] = set()
        """Exit marks of returns that pass on the error of a called function."""

    def add(self, block: Any, begin: int, line: Any) -> None:
        """Record the calls of the statement at ``line``: its instructions begin at ``begin``."""
        for made in block.instructions[begin:]:
            if isinstance(made, ir.instructions.CallInstr):
                if isinstance(made.callee, ir.Function):
                    self.calls.append((made.callee.name, line))
            elif isinstance(made, ir.instructions.Ret) and _is_error(made):
                self._mark(block, made, line)

    def _mark(self, block: Any, leave: Any, line: Any) -> None:
        """Insert an exit mark before a return of an error."""
        name = f"{_EXIT}{len(self.exits)}"
        self.exits.append(name)
        self.calls.append((name, line))
        if not isinstance(leave.operands[0], ir.Constant):
            self.passed_on.add(name)
        mark = ir.Function(block.function.module, ir.FunctionType(ir.VoidType(), []), name)
        builder = ir.IRBuilder(block)
        builder.position_before(leave)
        builder.call(mark, [])

    def first(self, symbols: set[str], callees: Callable[[str], Iterable[str]]) -> Any:
        """Return ``(line, symbol)`` of the first call that leads to one of ``symbols``, or None."""
        leads: dict[str, str] = {}

        def leads_to(name: str) -> str:
            if name not in leads:
                leads[name] = name if name in symbols else ""
                further = (leads_to(callee) for callee in sorted(callees(name)))
                leads[name] = leads[name] or next((s for s in further if s), "")
            return leads[name]

        found = ((line, leads_to(name)) for name, line in self.calls)
        return next((row for row in found if row[1]), None)


def _is_error(leave: Any) -> bool:
    """Return whether a return instruction returns an error: not 0 (a value) and not -2 (None)."""
    value = leave.operands[0] if leave.operands else None
    return value is not None and not (isinstance(value, ir.Constant) and value.constant in (0, -2))


def refusal(
    name: str,
    symbols: Collection[str],
    sites: Sites,
    callees: Callable[[str], Iterable[str]],
    start: Any,
) -> KernelError:
    """Return the error for a kernel that calls ``symbols``, about the most serious of them.

    ``callees`` maps a linked function to the functions it calls; ``start`` is the location of the
    kernel, for a symbol that no recorded line leads to.
    """
    rank = min(map(_rank, symbols))
    worst = sorted(symbol for symbol in symbols if _rank(symbol) == rank)
    line, symbol = sites.first(set(worst), callees) or (start, worst[0])
    text = _PASSES_ON_TEXT if symbol in sites.passed_on else _MEANINGS[rank][1]
    return located(name, line, text if symbol in sites.exits else f"{text} ({symbol})")


def _rank(symbol: str) -> int:
    """Return the index of the first entry of ``_MEANINGS`` that matches a symbol."""
    return next(n for n, (pattern, _) in enumerate(_MEANINGS) if pattern.match(symbol))


def located(name: str, line: Any, text: str) -> KernelError:
    """Return an error with the kernel, the file and line, the source of that line, and a text."""
    source = _cut(" ".join(linecache.getline(line.filename, line.line).split()), 80)
    quoted = f" `{source}`" if source else ""
    return KernelError(f"kernel {name}: {line.filename}:{line.line}:{quoted} {text}")


def refuse_statements(function: Callable[..., Any], statements: Iterable[Any]) -> None:
    """Raise ``KernelError`` at the first ``raise`` or ``assert`` among Numba's statements."""
    for statement in statements:
        if isinstance(statement, _RAISES):
            raise located(function.__name__, statement.loc, _RAISES_TEXT)


def refuse_bytecode(function: Callable[..., Any]) -> None:
    """Raise ``KernelError`` for constructs that Numba's own errors would not explain."""
    for step in dis.get_instructions(function):
        if step.opname in _OPCODES and step.positions is not None:
            line = Loc(function.__code__.co_filename, step.positions.lineno)
            raise located(function.__name__, line, _OPCODES[step.opname])


def cannot_compile(function: Callable[..., Any], error: Exception) -> KernelError:
    """Return the error for a kernel that Numba cannot compile, with its first useful line."""
    lines = (line.strip() for line in _COLOUR.sub("", str(error)).splitlines())
    text = next((x for x in lines if x and not _NOISE.match(x)), "")
    if not isinstance(error, NumbaError) or not text:
        text = f"{type(error).__name__}: {text}"
    text = _cut(text, 300)
    code, line = function.__code__, getattr(error, "loc", None)
    if line is None:
        where = f"{code.co_filename}:{code.co_firstlineno}"
        return KernelError(f"kernel {function.__name__}: {where}: cannot be compiled: {text}")
    return located(function.__name__, line, f"cannot be compiled: {text}")


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 3]}..."
