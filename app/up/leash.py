"""
Runs a program that the kernel kills when its parent dies: `python leash.py PARENT_PID PROGRAM [ARGUMENT …]`.

A script of its own, so that it starts in a few milliseconds and nothing runs between fork and exec in the parent. Where
there is no PR_SET_PDEATHSIG (macOS), the program simply runs; the next start ends what a killed parent left behind.
"""

import os
import sys

_PR_SET_PDEATHSIG = 1
_SIGKILL = 9


def main(parent_pid: int, command: list[str]) -> None:
    """Becomes the program."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, _SIGKILL, 0, 0, 0)
    # The parent may have died before the leash was on.
    if os.getppid() != parent_pid:
        sys.exit(1)
    os.execvp(command[0], command)  # noqa: S606 - our own command line, no shell


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
