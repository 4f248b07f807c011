"""
Lists ordered by time, read in bounded windows that widen only when they come up short.

One page reads so many rows at most, however few of them fit: it may then be short, or even empty, and its cursor goes
on from where reading stopped.
"""

import base64
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import orjson

from app.core.errors import Invalid
from app.core.mongo import Document

_FIRST = timedelta(hours=1)
_NARROWEST = timedelta(milliseconds=1)
# A window with more rows than this was too wide, and is read again narrower.
_MOST = 500
_MOST_READ = 2_000

Read = Callable[[Document, int], Awaitable[list[Document]]]


@dataclass(frozen=True, slots=True)
class Walk:
    """From `start` to `end`, backwards where that is earlier, over rows that stand at the time in `field`."""

    field: str
    start: datetime
    end: datetime

    @property
    def back(self) -> bool:
        return self.end < self.start


async def page(
    walk: Walk, read: Read, *, cursor: str | None, limit: int, fits: Callable[[Document], bool]
) -> tuple[list[Document], str | None]:
    """Up to `limit` rows that fit, and the cursor of the next page. Raises Invalid for a made-up cursor."""
    back = walk.back
    at, last_id, width = _open(cursor) if cursor else (walk.start, None, _FIRST)
    found: list[Document] = []
    edge, seen = at, 0

    def place(row: Document) -> tuple[datetime, str]:
        return row[walk.field], row["_id"]

    def beyond(here: tuple[datetime, str]) -> bool:
        return last_id is None or (here < (at, last_id) if back else here > (at, last_id))

    while True:
        far = max(edge - width, walk.end) if back else min(edge + width, walk.end)
        # The window that holds the cursor's own instant includes it: several rows may share a millisecond.
        near = ("$lte" if back else "$gte") if edge == at else ("$lt" if back else "$gt")
        most = _MOST if width > _NARROWEST else 100 * _MOST
        rows = await read({near: edge, ("$gte" if back else "$lte"): far}, most)
        if len(rows) >= most and width > _NARROWEST:
            width = max(width / 8, _NARROWEST)
            continue
        seen += len(rows)
        found += sorted((row for row in rows if beyond(place(row)) and fits(row)), key=place, reverse=back)
        if len(found) > limit or far == walk.end or seen >= _MOST_READ:
            break
        width = width * 4 if len(found) < limit / 4 else width * 2
        edge = far
    items = found[:limit]
    if len(found) > limit:
        if len(found) > 4 * limit:
            width = max(width * (2 * limit / len(found)), _NARROWEST)
        return items, _close(*place(items[-1]), width)
    # Behind every row of the last instant that was read.
    return items, None if far == walk.end else _close(far, "" if back else "\uffff", width)


def _close(at: datetime, last_id: str, width: timedelta) -> str:
    parts = [int(at.timestamp() * 1000), last_id, int(width.total_seconds() * 1000)]
    return base64.urlsafe_b64encode(orjson.dumps(parts)).decode()


def _open(cursor: str) -> tuple[datetime, str, timedelta]:
    try:
        at, last_id, width = orjson.loads(base64.urlsafe_b64decode(cursor.encode()))
        before = datetime.fromtimestamp(at // 1000, UTC).replace(microsecond=at % 1000 * 1000)
        return before, str(last_id), timedelta(milliseconds=min(max(int(width), 1), 10**11))
    except (ValueError, TypeError, OverflowError, OSError):
        raise Invalid.field("cursor", "Pass the next_cursor of the last answer as it is.") from None
