"""Text from outside, made fit for a terminal, a message and a picture."""

import unicodedata

__all__ = ["one_line", "printable"]

JOINERS = "\u200c\u200d"
"""Without width, and part of many an emoji."""


def printable(text: str) -> str:
    r"""Return text that a terminal shows and does not obey; line feeds stay as they are.

    Control characters (C0, C1, DEL), what turns the direction of writing, other invisible
    characters, line separators and halves of characters are spelled out as Python would, such as
    ``\x1b``.  DEL is ``\u007f``, which JSON reads too: the only one that JSON text may hold.
    """
    if text.isprintable():
        return text
    return "".join(c if c == "\n" or c.isprintable() or _shows(c) else _spelled(c) for c in text)


def one_line(text: str) -> str:
    """Return the same on one line: line feeds are spelled out, too."""
    return printable(text).replace("\n", "\\n")


def _shows(c: str) -> bool:
    """Say whether a character that Python calls unprintable is harmless: spaces, new letters."""
    return c in JOINERS or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Zl", "Zp")


def _spelled(c: str) -> str:
    return "\\u007f" if c == "\x7f" else ascii(c)[1:-1]
