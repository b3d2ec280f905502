"""Start the ``namgraph`` command, with Ctrl-C handled before anything else is imported.

To import NumPy and Numba takes about a second.  Until the command's own handlers are in place,
nothing has been made that would have to be removed: Ctrl-C ends the process on the spot, with exit
code 130.  Only while Python itself starts, before the first line here, it cannot be handled.
"""

import atexit
import os
import signal
import sys

__all__ = ["main"]


def main() -> int:
    """Run the command on ``sys.argv``; return its exit code.  Where SIGINT is ignored, it stays so.

    Once the work is done, Ctrl-C only hastens the exit: the code is that of the work.
    """
    code = 130

    def leave(number: int, frame: object) -> None:
        os._exit(code)

    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        from .cli import main as run

        return run()
    # Called after all other exit functions; from then on Python handles no signals.
    atexit.register(signal.signal, signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGINT, leave)
    from .cli import main as run

    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        code = run()
    except KeyboardInterrupt:  # before or after the command's own handling of it
        code = 130
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else 1
    signal.signal(signal.SIGINT, leave)
    return code


if __name__ == "__main__":
    sys.exit(main())
