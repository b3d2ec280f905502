"""The tree of exceptions.

* NamgraphError
  * GraphError            the description is not a graph that can run
    - UnknownNameError    no such node, port, parameter or node type
    - DuplicateNameError  the name is in use already
    - PortError           two ports that cannot be connected
    - CycleError          a loop; the message names it
  * ParamError            a parameter outside its range, or not a number (a ValueError)
  * FileError             a file that cannot be used (a ValueError)
    - NamFileError        a .nam file that is not a model this package runs; the kinds of it:
      . NamReadError                  the file cannot be read, or is empty, or no file
      . NamJsonError                  the content is not JSON
      . MissingFieldError             a key is missing: ``field``
      . FieldValueError               a key has a value it must not have: ``field``, ``allowed``
      . UnsupportedVersionError       ``version``, ``supported``
      . UnsupportedArchitectureError  ``architecture``, ``supported``
      . UnsupportedFeatureError       a valid model that is not played in this way
      . ActivationError               ``activation``, ``supported``
      . WeightCountError              too few weights or too many: ``expected``, ``found``
      . ConfigTooLargeError           beyond a limit: ``what``, ``found``, ``limit``
      . SampleRateError               two rates that must agree: ``found``, ``expected``
    - AudioFileError      an audio file that cannot be read, written, or does not fit
    - PresetError         a preset that cannot be read
    - JobError            a batch job that cannot be run as written
  * KernelError           a kernel that cannot run on the audio thread (a TypeError)
  * EngineError           an operation that a running engine cannot do
    - CudaError           no usable CUDA device, or one that failed

and two warnings, both a RuntimeWarning: GraphWarning, a part of the graph is silent;
ChannelsWarning, channel counts differ and were joined

The fields of an error survive pickling, so they cross process pools.

All are raised on control threads, while building or checking.  The audio thread raises nothing: it
counts faults (``Engine.stats``).  Each message has the thing, the value found, and what is allowed.
"""

from typing import Self

from .text import one_line

__all__ = [
    "ActivationError",
    "AudioFileError",
    "ChannelsWarning",
    "ConfigTooLargeError",
    "CudaError",
    "CycleError",
    "DuplicateNameError",
    "EngineError",
    "FieldValueError",
    "FileError",
    "GraphError",
    "GraphWarning",
    "JobError",
    "KernelError",
    "MissingFieldError",
    "NamFileError",
    "NamJsonError",
    "NamReadError",
    "NamgraphError",
    "ParamError",
    "PortError",
    "PresetError",
    "SampleRateError",
    "UnknownNameError",
    "UnsupportedArchitectureError",
    "UnsupportedFeatureError",
    "UnsupportedVersionError",
    "WeightCountError",
    "shorten",
]


MAX_MESSAGE = 2000
"""Characters of one message; names and lists quoted from a file may be of any length."""


def shorten(text: str) -> str:
    """Shorten a message to ``MAX_MESSAGE`` characters by leaving out its middle.

    The beginning of a message names the thing, and its end has what is allowed.
    """
    if len(text) <= MAX_MESSAGE:
        return text
    end = MAX_MESSAGE // 4
    left_out = f" ...({len(text)} characters)... "
    return text[: MAX_MESSAGE - end - len(left_out)] + left_out + text[-end:]


class NamgraphError(Exception):
    """Base class of every error that this package raises itself.

    Messages are shortened to ``MAX_MESSAGE`` characters.
    """

    def __init__(self, *args: object) -> None:
        super().__init__(*(shorten(arg) if isinstance(arg, str) else arg for arg in args))


class GraphError(NamgraphError):
    """The description is not a graph that can run."""


class GraphWarning(RuntimeWarning):
    """A part of the graph has no input, or reaches no output: see ``Graph.check``."""


class ChannelsWarning(RuntimeWarning):
    """Channel counts of a stream and a graph differ; the message says how they are joined."""


class UnknownNameError(GraphError):
    """No node, port, parameter or node type has this name."""


class DuplicateNameError(GraphError):
    """The name is in use already."""


class PortError(GraphError):
    """Two ports that cannot be connected."""


class CycleError(GraphError):
    """A loop of connections; the message names its nodes."""


class ParamError(NamgraphError, ValueError):
    """A parameter outside its range, or not a number."""


class FileError(NamgraphError, ValueError):
    """A file that cannot be used.

    Its message is one line: line feeds, which the name of a file may have, are escaped in it.
    """

    def __init__(self, *args: object) -> None:
        super().__init__(*(one_line(arg) if isinstance(arg, str) else arg for arg in args))


class NamFileError(FileError):
    """A .nam file that is not a model this package runs.

    Subclasses take their fields after the message, by name, each with a default: an exception is
    copied and unpickled by calling its class with the message alone and setting the fields after.
    """

    def within(self, place: str) -> Self:
        """Return the same error with ``place`` and a colon before its message, fields included."""
        made = type(self)(f"{place}: {self}")
        vars(made).update(vars(self))
        return made


class NamReadError(NamFileError):
    """The file does not exist, cannot be read, is empty, or is no plain file."""


class NamJsonError(NamFileError):
    """The content is not JSON that this package reads."""


class MissingFieldError(NamFileError):
    """A key is missing."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field
        """Where it should be, such as ``config.layers[0].channels``."""


class FieldValueError(NamFileError):
    """A key has a value that it must not have."""

    def __init__(self, message: str, *, field: str = "", allowed: str = "") -> None:
        super().__init__(message)
        self.field, self.allowed = field, allowed
        """The key, such as ``config.layers[0].channels``, and the values allowed, in words."""


class UnsupportedVersionError(NamFileError):
    """A version of the file format that this package does not read."""

    def __init__(self, message: str, *, version: str = "", supported: str = "") -> None:
        super().__init__(message)
        self.version, self.supported = shorten(version), supported
        """The version of the file, and the versions that are read, in words."""


class UnsupportedArchitectureError(NamFileError):
    """An architecture that this package does not play."""

    def __init__(
        self, message: str, *, architecture: str = "", supported: tuple[str, ...] = ()
    ) -> None:
        super().__init__(message)
        self.architecture, self.supported = shorten(architecture), supported
        """The architecture in the file, and all that are played."""


class UnsupportedFeatureError(NamFileError):
    """A valid model that this package does not play in this way: see the message."""


class ActivationError(NamFileError):
    """An activation function that this package does not know."""

    def __init__(
        self, message: str, *, activation: str = "", supported: tuple[str, ...] = ()
    ) -> None:
        super().__init__(message)
        self.activation, self.supported = shorten(activation), supported
        """The name in the file, and all that are known."""


class WeightCountError(NamFileError):
    """The file has more or fewer weights than its config needs; none has been read."""

    def __init__(self, message: str, *, expected: int = 0, found: int = 0) -> None:
        super().__init__(message)
        self.expected, self.found = expected, found
        """The number that config needs, and the number in the file."""


class ConfigTooLargeError(NamFileError):
    """A file, or the model that it describes, is beyond a limit; nothing has been allocated."""

    def __init__(self, message: str, *, what: str = "", found: float = 0, limit: float = 0) -> None:
        super().__init__(message)
        self.what, self.found, self.limit = what, found, limit
        """The key or the quantity, its value (or the least it can be), and the most allowed."""


class SampleRateError(NamFileError):
    """Two sample rates in Hz that must agree and do not.

    They are the model's and the stream's, or those of two models in one file.
    """

    def __init__(
        self, message: str, *, found: float | None = None, expected: float | None = None
    ) -> None:
        super().__init__(message)
        self.found, self.expected = found, expected
        """The rate of the model, and the rate it must have; ``None`` where a file has none."""


class AudioFileError(FileError):
    """An audio file that cannot be read or written, or does not fit its use."""


class PresetError(FileError):
    """A preset that cannot be read."""


class JobError(FileError):
    """A batch job that cannot be run as written.

    ``faults`` has one line per fault, where several were found at once.
    """

    faults: tuple[str, ...] = ()


class KernelError(NamgraphError, TypeError):
    """A kernel that does not compile, or that would allocate, call Python or raise."""


class EngineError(NamgraphError, RuntimeError):
    """An operation that a running engine cannot do."""


class CudaError(EngineError):
    """No usable CUDA device, or one that failed."""
