"""The sandbox's own time: real time plus an offset, so that a test can let a day pass in a moment."""

from __future__ import annotations

import time
from email.utils import formatdate


class Clock:
    """
    Tells the time and shortens windows.

    `offset` moves the clock (POST /_sandbox/clock); `speed` divides the length of every window and refills every bucket
    faster, so that with speed 3600 the 24 h reply window closes after 24 s. Timestamps in payloads follow the
    offset only, so that they stay believable.
    """

    def __init__(self) -> None:
        self.offset = 0.0
        self.speed = 1.0

    def now(self) -> float:
        """Seconds since the epoch, by the sandbox's clock."""
        return time.time() + self.offset

    def window(self, seconds: float) -> float:
        """How long a window of that nominal length lasts here."""
        return seconds / self.speed


def rfc2822(at: float) -> str:
    """The date form of Twilio: `Sat, 21 Nov 2026 12:00:00 +0000`."""
    return formatdate(at, usegmt=False).replace("-0000", "+0000")
