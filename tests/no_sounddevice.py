"""Run a line in a process that cannot import sounddevice: not installed, or without PortAudio."""

import subprocess
import sys

__all__ = ["FAILURES", "said_without_sounddevice"]

FAILURES = [
    ("ModuleNotFoundError('gone', name=name)", 'pip install "sounddevice'),
    ("OSError('PortAudio library not found')", "libportaudio2"),
]
"""What importing sounddevice raises, and a part of what the error must say."""

SCRIPT = """
import sys
class Hide:
    def find_spec(self, name, path=None, target=None):
        if name == "sounddevice":
            raise {error}
sys.meta_path.insert(0, Hide())
import namgraph as ng
try:
    {line}
except ng.EngineError as error:
    print(error)
"""


def said_without_sounddevice(error: str, line: str) -> str:
    """Return what ``line`` prints, or its ``EngineError``, where the import raises ``error``."""
    command = [sys.executable, "-c", SCRIPT.format(error=error, line=line)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
