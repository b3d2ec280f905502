"""Options of the command for what errors and warnings name in Python: ``resample=True``.

Messages of the package are those of its Python API; the command adds its own words to them.
"""

import argparse
import contextlib
import warnings
from collections.abc import Iterator
from typing import Any

from ..graph import NamgraphError

__all__ = ["naming_options", "with_options"]

OPTIONS = {
    "sample_rate=": ("rate", "--rate"),
    "resample=True": ("resample", "--resample"),
    "layout": ("ir_layout", "--ir-layout"),
}
"""By a part of a message: the argument of the verb that sets it, and its option."""
NEEDS = {"ir_layout": "ir"}
"""An option that does something only together with another."""


def with_options(text: str, arguments: argparse.Namespace) -> str:
    """Return a message, with the command-line options for what it names in Python appended."""
    given = vars(arguments)
    found = []
    for part, (name, option) in OPTIONS.items():
        usable = name in given and (name not in NEEDS or given.get(NEEDS[name]) is not None)
        if usable and part in text and option not in text:
            found.append(option)
    return f"{text} (here: {', '.join(found)})" if found else text


@contextlib.contextmanager
def naming_options(arguments: argparse.Namespace) -> Iterator[None]:
    """Add the options of a verb to the errors and warnings that are raised meanwhile."""
    before = warnings.showwarning

    def show(message: Warning | str, category: type[Warning], *place: Any, **more: Any) -> None:
        before(with_options(str(message), arguments), category, *place, **more)

    warnings.showwarning = show
    try:
        yield
    except NamgraphError as error:
        if len(error.args) == 1:
            error.args = (with_options(str(error), arguments),)
        raise
    finally:
        warnings.showwarning = before
