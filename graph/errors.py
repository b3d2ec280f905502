"""What can go wrong, as one tree.

* NamgraphError
  * GraphError            the description is not a graph that can run
    - UnknownNameError    no such node, port, parameter or node type
    - DuplicateNameError  the name is taken
    - PortError           two ports that cannot be joined
    - CycleError          a loop; the message names it
  * ParamError            a parameter outside its range, or not a number (a ValueError)
  * FileError             a file that cannot be used (a ValueError)
    - NamFileError        a .nam file that is not a model this package runs
    - AudioFileError      an audio file that cannot be read, written, or does not fit
    - PresetError         a preset that cannot be read
    - JobError            a job that cannot be done
  * KernelError           a kernel that cannot run on the audio thread (a TypeError)
  * EngineError           a running engine asked for something it cannot do
    - CudaError           no CUDA device that can be used, or one that failed

and one warning, GraphWarning (a RuntimeWarning): a part of the graph is silent

Every error is raised while building or checking.  The audio thread raises nothing: it counts
(``Engine.stats``).  Each message names the thing, what was found, and what is allowed.
"""

__all__ = [
    "AudioFileError",
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
    "cut",
]


LONGEST_LINE = 2000
"""Characters of one message: a name or a list quoted from a file may have any number."""


def cut(text: str) -> str:
    """Return a message of at most ``LONGEST_LINE`` characters: what is too long loses its middle.

    Its beginning names the thing, and its end says what is allowed.
    """
    if len(text) <= LONGEST_LINE:
        return text
    end = LONGEST_LINE // 4
    left_out = f" ...({len(text)} characters)... "
    return text[: LONGEST_LINE - end - len(left_out)] + left_out + text[-end:]


class NamgraphError(Exception):
    """The root of every error this package raises on purpose.

    Its message is cut to ``LONGEST_LINE`` characters.
    """

    def __init__(self, *args: object) -> None:
        super().__init__(*(cut(arg) if isinstance(arg, str) else arg for arg in args))


class GraphError(NamgraphError):
    """The description is not a graph that can run."""


class GraphWarning(RuntimeWarning):
    """A part of the graph gets no input, or is heard nowhere: see ``Graph.check``."""


class UnknownNameError(GraphError):
    """No node, port, parameter or node type has this name."""


class DuplicateNameError(GraphError):
    """The name is already taken."""


class PortError(GraphError):
    """Two ports that cannot be joined."""


class CycleError(GraphError):
    """Nodes that wait for each other; the message names the loop."""


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
    """A job for batch rendering that cannot be done as it is written.

    ``faults`` has a line for each thing that is wrong, where several were found at once.
    """

    faults: tuple[str, ...] = ()


class KernelError(NamgraphError, TypeError):
    """A kernel that does not compile, or that would allocate, call Python or raise."""


class EngineError(NamgraphError, RuntimeError):
    """A running engine was asked for something it cannot do."""


class CudaError(EngineError):
    """No CUDA device can be used here, or the one that was used has failed."""
