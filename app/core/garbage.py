"""
Garbage collection in a process that serves for weeks: what was loaded at its start is never looked through again.

A full collection over all modules takes 50 ms and more, and everybody who writes in that moment waits for it.
"""

import gc

# Collections of the young happen after so many new objects; a request makes a few thousand.
_YOUNG = 10_000


def wait_until_loaded() -> None:
    """While modules are imported nothing is collected: what they make stays, and to look through it takes long."""
    gc.disable()


def spare_what_is_loaded() -> None:
    """To be called once, when all modules are imported and before work begins."""
    gc.enable()
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, 20, 10)
