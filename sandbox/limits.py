"""How providers hold back their callers: token buckets, and people whom a business may write to first in a day."""

from __future__ import annotations

from collections.abc import Hashable


class Buckets:
    """
    Many token buckets by key, each kept as one tuple.

    A bucket that has refilled is the same as one never used, so full ones are dropped when there are many: a
    broadcast to a million recipients does not leave a million buckets behind.
    """

    def __init__(self, prune_at: int = 50_000) -> None:
        # key: (tokens, when, full again at, burst)
        self._buckets: dict[Hashable, tuple[float, float, float, float]] = {}
        self._prune_at = prune_at

    def take(self, key: Hashable, now: float, per_second: float, burst: float, count: float = 1) -> float:
        """
        Take `count` tokens: 0.0 if granted, else the seconds until they will be there (nothing is taken then).

        Whoever asks for more than a whole bucket is served when the bucket is full, else such a call could never pass.
        """
        tokens, at, _, _ = self._buckets.get(key, (burst, now, 0.0, burst))
        tokens = min(burst, tokens + max(0.0, now - at) * per_second)
        wanted = min(count, burst)
        if tokens < wanted - 1e-9:
            self._buckets[key] = (tokens, now, now + (burst - tokens) / per_second, burst)
            return (wanted - tokens) / per_second
        tokens -= count
        self._buckets[key] = (tokens, now, now + (burst - tokens) / per_second, burst)
        if len(self._buckets) > self._prune_at:
            self._buckets = {key: kept for key, kept in self._buckets.items() if kept[2] > now}
            self._prune_at = max(50_000, 2 * len(self._buckets))
        return 0.0

    def share_used(self, key: Hashable, now: float) -> float:
        """How empty a bucket is, 0 to 1, for the headers in which a provider tells it."""
        tokens, at, full_at, burst = self._buckets.get(key, (1.0, now, now, 1.0))
        if full_at <= now:
            return 0.0
        refilled = tokens + (burst - tokens) * (now - at) / (full_at - at)
        return max(0.0, 1.0 - refilled / burst)

    def clear(self) -> None:
        """Forget all, as after a reset."""
        self._buckets.clear()


class Reached:
    """Whom a business has written to first, by when: so many different people within a period, and no more."""

    def __init__(self) -> None:
        self._people: dict[str, dict[str, float]] = {}

    def take(self, business: str, person: str, now: float, period: float, limit: int) -> bool:
        """Whether this one may be written to; they count from now on."""
        known = self._people.setdefault(business, {})
        # In the order of their times: whoever is written to again moves to the end.
        for each, at in list(known.items()):
            if at > now - period:
                break
            del known[each]
        if person not in known and len(known) >= limit:
            return False
        known.pop(person, None)
        known[person] = now
        return True

    def clear(self) -> None:
        self._people.clear()
