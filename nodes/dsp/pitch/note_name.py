"""Names of notes."""

__all__ = ["note_name"]

NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")


def note_name(number: int) -> str:
    """Return the name of a MIDI note number: 69 is ``A4``, 40 a guitar's lowest string, ``E2``."""
    return f"{NAMES[number % 12]}{number // 12 - 1}"
