"""The picture that a notebook shows of a graph: a base class of ``Graph``."""

import importlib
from typing import Any

from ..errors import GraphError

__all__ = ["Drawn"]


class Drawn:
    """Shown as a picture in a notebook."""

    def _repr_svg_(self) -> str | None:
        """Return the picture that ``ng.draw`` makes; ``None``, for the ``repr``, if there is none.

        A loop cannot be drawn.  The module is imported by name: it imports that of ``Graph``.
        """
        made: Any = importlib.import_module(".svg", __package__)
        try:
            picture: str = made.svg(self)
        except GraphError:
            return None
        return picture
