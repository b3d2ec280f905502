"""The tree of exceptions.

* NamgraphError
  * GraphError            the description is not a graph that can run
    - UnknownNameError    no such node, port, parameter or node type
    - DuplicateNameError  the name is in use already
    - PortError           two ports that cannot be connected
    - CycleError          a loop; the message names it
  * ParamError            a parameter outside its range, or not a number (a ValueError)
  * FileError             a file that cannot be used (a ValueError)
    - NamFileError        a .nam file that is not a model this package runs
    - AudioFileError      an audio file that cannot be read, written, or does not fit
    - PresetError         a preset that cannot be read
    - JobError            a batch job that cannot be run as written
  * KernelError           a kernel that cannot run on the audio thread (a TypeError)
  * EngineError           an operation that a running engine cannot do
    - CudaError           no usable CUDA device, or one that failed

and two warnings, both a RuntimeWarning: GraphWarning, a part of the graph is silent;
ChannelsWarning, channel counts differ and were joined

All are raised on control threads, while building or checking.  The audio thread raises nothing: it
counts faults (``Engine.stats``).  Each message has the thing, the value found, and what is allowed.
"""

__all__ = [
    "AudioFileError",
    "ChannelsWarning",
    "CudaError",
    "CycleError",
    "DuplicateNameError",
    "EngineError",
    "FileError",
    "GraphError",
    "GraphWarning",
    "JobError",
    "KernelError",
    "NamFileError",
    "NamgraphError",
    "ParamError",
    "PortError",
    "PresetError",
    "UnknownNameError",
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
    """A file that cannot be used."""


class NamFileError(FileError):
    """A .nam file that is not a model this package runs."""


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
