"""The time, asked for in one place so that tests can set it."""

from datetime import UTC, datetime, timedelta


class Clock:
    """Wall-clock time in UTC. Milliseconds only: that is what MongoDB keeps, so a stored time equals the one given."""

    def now(self) -> datetime:
        now = datetime.now(UTC)
        return now.replace(microsecond=now.microsecond // 1000 * 1000)


class FixedClock(Clock):
    """A clock that stands still until told otherwise."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        return self._at

    def advance(self, **delta: float) -> None:
        self._at += timedelta(**delta)


# How far another's clock may be ahead of ours.
_AHEAD = timedelta(minutes=5)


def not_ahead(at: datetime, received_at: datetime) -> datetime:
    """When something was by somebody else's word; if that is in the future, when we heard of it."""
    return at if at <= received_at + _AHEAD else received_at


def from_unix(seconds: float) -> datetime:
    """Aware UTC time of a Unix time in seconds, or in milliseconds where a provider slipped (values above 10^11)."""
    return datetime.fromtimestamp(seconds / 1000 if seconds > 1e11 else seconds, UTC)


def iso(at: datetime | None) -> str | None:
    """`2026-11-21T12:00:00.000Z`, the only form in which a time leaves Parley."""
    return None if at is None else at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"
