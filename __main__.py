"""Start the ``namgraph`` command, with Ctrl-C handled before anything else is imported.

To import NumPy and Numba takes about a second.  Until the command's own handlers are in place,
nothing has been made that would have to be removed: Ctrl-C ends the process on the spot, with exit
code 130.  Only while Python itself starts, before the first line here, it cannot be handled.
"""

import atexit
import gc
import os
import signal
import sys

__all__ = ["main"]

GARBAGE = 100_000
"""New objects between two searches for garbage: a start makes fewer, and none of it."""
STACK_KIB = 256
"""Of the main thread.  Python itself does not start with about 70; compilers need some more."""


def main() -> int:
    """Run the command on ``sys.argv``; return its exit code.  Where SIGINT is ignored, it stays so.

    Once the work is done, Ctrl-C only hastens the exit: the code is that of the work.
    """
    code = 130

    def leave(number: int, frame: object) -> None:
        os._exit(code)

    guarded = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if guarded:
        # Called after all other exit functions; from then on Python handles no signals.
        atexit.register(signal.signal, signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGINT, leave)
    if not _enough_stack():
        return 2
    gc.set_threshold(GARBAGE)
    from .cli.main import main as run

    if not guarded:
        return run()
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        code = run(own_process=True)
    except KeyboardInterrupt:  # before or after the command's own handling of it
        code = 130
    signal.signal(signal.SIGINT, leave)
    return code


def _enough_stack() -> bool:
    """Raise the stack's limit if it is too low for what is imported; say so where that is refused.

    Beyond its limit, the system ends the process by signal 11.
    """
    try:
        import resource
    except ImportError:  # Windows: 1 MB or more, fixed when Python was built
        return True
    soft, hard = resource.getrlimit(resource.RLIMIT_STACK)
    wanted = STACK_KIB * 1024
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return True
    if hard == resource.RLIM_INFINITY or hard >= wanted:
        resource.setrlimit(resource.RLIMIT_STACK, (wanted, hard))
        return True
    print(
        f"namgraph: error: the stack is limited to {soft // 1024} KiB: at least {STACK_KIB} KiB "
        f"are needed (ulimit -s {STACK_KIB})",
        file=sys.stderr,
    )
    return False


if __name__ == "__main__":
    sys.exit(main())
