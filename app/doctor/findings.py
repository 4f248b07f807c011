"""What a check may say."""

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warning", "failed", "skipped"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `detail` says what is, `advice` what a person can do about it."""

    name: str
    state: State
    detail: str
    advice: str = ""


def ok(name: str, detail: str) -> Finding:
    return Finding(name, "ok", detail)


def warning(name: str, detail: str, advice: str) -> Finding:
    """Works, but not as it should."""
    return Finding(name, "warning", detail, advice)


def failed(name: str, detail: str, advice: str) -> Finding:
    """Does not work; doctor's exit code says so."""
    return Finding(name, "failed", detail, advice)


def skipped(name: str, detail: str) -> Finding:
    """Could not be looked at, because something before it failed."""
    return Finding(name, "skipped", detail)
