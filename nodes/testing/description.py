"""Checks of a node's description: docstrings, ranges, latency, effect of each parameter.

Each takes one or more example nodes of one class and raises ``ContractError``.
"""

import sys

from ...graph import Node, ParamError
from .harness import SPEC, NodeHarness, changed
from .report import ContractError, require

__all__ = [
    "check_documented",
    "check_heard",
    "check_latency",
    "check_parameters_heard",
    "check_ranges",
    "heard",
    "heard_params",
]


def check_documented(*examples: Node) -> None:
    """Check that class and module have docstrings, the class's beginning with a sentence."""
    for cls in dict.fromkeys(type(node) for node in examples):
        doc = cls.__doc__ or ""
        promise = "the class must have a docstring of its own that begins with a sentence"
        require(doc, cls, promise, "no docstring")
        written = not doc.startswith(f"{cls.__name__}(")
        require(written, cls, promise, f"the one that dataclass wrote, {doc!r}")
        first = doc.splitlines()[0].rstrip()
        require(first.endswith("."), cls, promise, f"a first line without a full stop, {first!r}")
        module = sys.modules.get(cls.__module__)
        file = getattr(module, "__file__", None)  # None at a prompt and in a notebook
        promise = "its file must begin with a docstring"
        require(file is None or module.__doc__, cls, promise, f"none in {file}")


def check_ranges(*examples: Node) -> None:
    """Check that parameters refuse values out of range and non-numbers, naming the parameter."""
    for node in examples:
        for name, row in node.params().items():
            for bad in (row.low - 1, row.high + 1, float("nan"), float("inf"), "loud", None):
                promise = f"{name}={bad!r} must be refused by a ParamError that names {name}"
                try:
                    changed(node, **{name: bad})
                except ParamError as error:
                    require(name in str(error), node, promise, f"the error {str(error)!r}")
                except Exception as error:
                    found = f"{type(error).__name__}: {error}"
                    raise ContractError(f"{node!r}: {promise}; found: {found}") from error
                else:
                    found = "accepted (does __post_init__ call super().__post_init__()?)"
                    require(False, node, promise, found)


def check_latency(*examples: Node) -> None:
    """Check that ``latency(spec)`` and ``tail(spec)`` are whole numbers of frames, 0 or more."""
    for node in examples:
        for name in ("latency", "tail"):
            frames = getattr(node, name)(SPEC)
            require(
                isinstance(frames, int) and not isinstance(frames, bool) and frames >= 0,
                node,
                f"{name}(spec) must be a whole number of frames (an int), 0 or more",
                repr(frames),
            )


def heard(node: Node) -> bool:
    """Return whether noise gives non-zero samples in all outputs within ``LENGTH`` frames."""
    harness = NodeHarness(node)
    return bool(harness.play(harness.noise()).any(axis=1).all())


def heard_params(node: Node) -> set[str]:
    """Return the parameters that change the output within ``LENGTH`` frames."""
    harness = NodeHarness(node)
    found = set()
    for name, row in node.params().items():
        ends = []
        for value in (row.low, row.high):
            harness.renew()
            harness.turn(name, value)
            ends.append(harness.play(harness.noise()))
        if (ends[0] != ends[1]).any():
            found.add(name)
    return found


def check_heard(*examples: Node) -> None:
    """Check that one example has output, because other checks compare outputs."""
    require(
        any(heard(node) for node in examples),
        examples[0],
        "noise must come out of all outputs within 1024 frames",
        "silence (give an example that is heard sooner, with a shorter time)",
    )


def check_parameters_heard(*examples: Node) -> None:
    """Check that every parameter changes the output of at least one example."""
    found: set[str] = set().union(*(heard_params(node) for node in examples))
    missing = sorted(set(examples[0].params()) - found)
    require(
        not missing,
        examples[0],
        "each parameter must change the output within 1024 frames of noise, from end to end",
        f"no change by {', '.join(missing)} (give an example in which it is heard)",
    )
