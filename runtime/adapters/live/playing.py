"""The streams of this process that play, wherever their variables are.  Any thread."""

import contextlib

from ....graph.arguments import clip
from ....graph.text import counted
from .stream import Stream

__all__ = ["PlayingStreams", "playing"]


class PlayingStreams(tuple[Stream, ...]):
    """Streams that play: a tuple with ``close``."""

    __slots__ = ()

    def __repr__(self) -> str:
        return clip(f"<{counted(len(self), 'stream')} playing: {', '.join(map(repr, self))}>")

    def __str__(self) -> str:
        """Return a line for each."""
        return "\n".join(map(repr, self)) or "no stream plays"

    def close(self) -> None:
        """Stop and close all of them; if one cannot be closed, its error is raised at the end."""
        with contextlib.ExitStack() as all_of_them:
            for stream in self:
                all_of_them.callback(stream.close)


def playing() -> PlayingStreams:
    """Return every stream that was started and not yet stopped, those with a lost variable too.

    In a notebook a stream plays on after its variable is gone, or names another one, while
    ``Out`` or the traceback of an error still refers to it.  ``ng.playing().close()`` ends them
    all, ``ng.playing()[0]`` is the first.  Without any reference left a stream is closed by itself,
    and all are when Python exits.
    """
    return PlayingStreams(Stream.playing())
