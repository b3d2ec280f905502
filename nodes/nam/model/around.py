"""Base class of networks that are one network with something around it: gains, knobs."""

from typing import Protocol

__all__ = ["Around"]


class Inner(Protocol):
    """What ``Around`` takes over from the network within."""

    @property
    def inputs(self) -> int:
        """Input channels."""
        ...

    @property
    def outputs(self) -> int:
        """Output channels."""
        ...

    @property
    def receptive_field(self) -> int | None:
        """Input frames that an output frame depends on; ``None``: all."""
        ...

    @property
    def operation_count(self) -> int:
        """Convolutions or recurrent layers: a measure of the cost to prepare the network."""
        ...

    @property
    def multiply_adds(self) -> int:
        """Multiply-adds per frame, without activations."""
        ...


class Around:
    """Takes over the shape and the cost of the network ``inner``."""

    inner: Inner

    @property
    def inputs(self) -> int:
        """Input channels, without knobs."""
        return self.inner.inputs

    @property
    def outputs(self) -> int:
        """Output channels."""
        return self.inner.outputs

    @property
    def receptive_field(self) -> int | None:
        """Input frames that an output frame depends on."""
        return self.inner.receptive_field

    @property
    def operation_count(self) -> int:
        """Convolutions or recurrent layers: a measure of the cost to prepare the network."""
        return self.inner.operation_count

    @property
    def multiply_adds(self) -> int:
        """Multiply-adds per frame with knobs at rest, without activations."""
        return self.inner.multiply_adds
