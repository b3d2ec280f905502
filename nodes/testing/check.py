"""The list of all checks, and ``check_node``, which runs them."""

import functools
from collections.abc import Callable

from ...graph import Node
from .description import (
    check_documented,
    check_has_output,
    check_latency,
    check_metadata,
    check_parameters_effective,
    check_ranges,
)
from .harness import changed
from .output import (
    check_block_sizes,
    check_bounds,
    check_finite,
    check_players,
    check_recovery,
)
from .signals import (
    check_channels,
    check_clicks,
    check_long_run,
    check_modulation,
    check_rates,
    check_silence,
    check_tail,
)
from .state import (
    check_receptive_field,
    check_record,
    check_reset,
    check_scratch,
    check_snapshot,
    check_swap,
)

__all__ = ["NODE_CHECKS", "SETTING_CHECKS", "SIGNAL_CHECKS", "check_node", "corners"]

SETTING_CHECKS: tuple[Callable[[Node], None], ...] = (
    check_record,
    check_bounds,
    check_scratch,  # before those that also fail if scratch memory is kept
    check_finite,
    check_block_sizes,
    check_reset,
    check_snapshot,
    check_swap,
    check_players,
    check_recovery,
    check_receptive_field,
)
"""Checks of one node with one set of parameter values."""


SIGNAL_CHECKS: tuple[Callable[..., None], ...] = (
    check_silence,
    check_tail,
    check_channels,
    check_rates,
    check_clicks,
    check_long_run,
    check_modulation,
)
"""Checks of the nodes as given, with plain signals."""


def corners(node: Node) -> dict[str, Node]:
    """Return the node as given, with all parameters at their lowest, and at their highest."""
    rows = node.params().items()
    return {
        "given": node,
        "low": changed(node, **{n: p.low for n, p in rows}),
        "high": changed(node, **{n: p.high for n, p in rows}),
    }


def _at_corners(check: Callable[[Node], None]) -> Callable[..., None]:
    @functools.wraps(check)
    def run(*examples: Node) -> None:
        for example in examples:
            nodes = list(corners(example).values())
            for number, node in enumerate(nodes):
                if node not in nodes[:number]:
                    check(node)

    return run


NODE_CHECKS: tuple[Callable[..., None], ...] = (
    check_documented,
    check_metadata,
    check_ranges,
    check_latency,
    *(_at_corners(check) for check in SETTING_CHECKS),
    check_has_output,
    check_parameters_effective,
    *SIGNAL_CHECKS,
)
"""The whole contract; each check takes one or more example nodes of one class."""


def check_node(*examples: Node) -> None:
    """Run all checks on a node; raise ``ContractError`` at the first that fails.

    ``examples`` are nodes of one class.  Errors of the node itself (a kernel that does not compile,
    a ``prepare`` that fails) are not wrapped.
    """
    if not examples or not all(isinstance(node, Node) for node in examples):
        raise TypeError(f"check_node takes one or more nodes, not {examples!r}")
    if len({type(node) for node in examples}) > 1:
        kinds = ", ".join(sorted({type(node).__name__ for node in examples}))
        raise TypeError(f"check_node takes examples of one class, not of {kinds}")
    cls = type(examples[0])
    if "type_name" not in vars(cls):
        raise TypeError(
            f'{cls.__name__} is not declared as a node: decorate the class with @ng.node("name")'
        )
    for check in NODE_CHECKS:
        check(*examples)
