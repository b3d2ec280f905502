"""The base class of nodes that send one control signal and take none."""

from ...runtime import authoring as ng

__all__ = ["ControlSource"]


class ControlSource(ng.Node):
    """A node without inputs, with one control output "out"."""

    category = "control"

    @property
    def inputs(self) -> tuple[ng.Port, ...]:
        """None."""
        return ()

    @property
    def outputs(self) -> tuple[ng.Port, ...]:
        """One control port."""
        return (ng.Port("out", kind=ng.Kind.CONTROL),)
