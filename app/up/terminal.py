"""What `make run` says to the person who started it: one line a step, one a trouble, and the banner."""

import sys
import time
from collections.abc import Sequence
from typing import TextIO

_SAME_TROUBLE_SECONDS = 30.0


class Terminal:
    """Lines on a terminal that may be closed at any time."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout
        self._said: dict[str, float] = {}

    def line(self, text: str = "") -> None:
        try:
            print(text, file=self._stream, flush=True)
        except (OSError, ValueError):
            # Nobody reads any more (a closed terminal); the services go on until they are told to stop.
            return

    def step(self, name: str, detail: str, seconds: float | None = None) -> None:
        """A part that is ready."""
        took = f"  ({seconds:.1f} s)" if seconds is not None and seconds >= 0.1 else ""
        self.line(f"  {name:<13}{detail}{took}")

    def trouble(self, name: str, text: str) -> None:
        """Something to know about; the same words are not repeated for half a minute."""
        now = time.monotonic()
        said = f"{name}: {text}"
        if now - self._said.get(said, -_SAME_TROUBLE_SECONDS) < _SAME_TROUBLE_SECONDS:
            return
        if len(self._said) > 200:
            self._said.clear()
        self._said[said] = now
        self.line(f"  ! {said}")

    def banner(self, rows: Sequence[tuple[str, str]], closing: str) -> None:
        """What there is to open, in a block that stands out."""
        width = max(len(label) for label, _ in rows)
        self.line()
        for label, value in rows:
            self.line(f"  {label:<{width}}   {value}")
        self.line()
        self.line(f"  {closing}")
        self.line()
