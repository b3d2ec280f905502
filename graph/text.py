"""Escapes control and invisible characters in untrusted text.  Any thread."""

import unicodedata

__all__ = ["counted", "one_line", "printable"]

JOINERS = "\u200c\u200d"
"""Zero-width (non-)joiner: parts of emoji, shown as they are."""


def printable(text: str) -> str:
    r"""Escape every character that a terminal would not show as itself; line feeds stay.

    Control characters (C0, C1, DEL), bidirectional controls, other invisible characters, line
    separators and surrogates become Python escapes, such as ``\x1b``.  DEL becomes ``\u007f``,
    which JSON reads too: it is the only one of them that JSON text may contain.
    """
    if text.isprintable():
        return text
    return "".join(c if c == "\n" or c.isprintable() or _is_shown(c) else _escape(c) for c in text)


def counted(count: int, word: str) -> str:
    """Return a number with its word: ``1 frame``, ``2 frames``."""
    return f"{count} {word}{'s' * (count != 1)}"


def one_line(text: str) -> str:
    """Escape as ``printable``, and line feeds too."""
    return printable(text).replace("\n", "\\n")


def _is_shown(c: str) -> bool:
    """Whether a character that ``str.isprintable`` refuses is harmless: spaces, new letters."""
    return c in JOINERS or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Zl", "Zp")


def _escape(c: str) -> str:
    return "\\u007f" if c == "\x7f" else ascii(c)[1:-1]
