"""
Newest-first pages over rows that are indexed by time, without sorting what matches.

A window of time is read, and widened while it is short of rows: a page costs the same however long the list is, on
engines too that read all matches before they sort.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

Row = dict[str, Any]
# Ten minutes, an hour, six hours, …
_FIRST = timedelta(minutes=10)
_WIDENING = 6
# More are not made in one millisecond.
_MOST_AT_ONCE = 5_000
# No installation is older; where the windows end.
BEGINNING = datetime(2020, 1, 1, tzinfo=UTC)

# Rows where these conditions hold, sorted so, at most so many.
Find = Callable[[Row, list[tuple[str, int]], int], Awaitable[Sequence[Row]]]


async def same_moment(find: Find, field: str, before: tuple[datetime, str], limit: int) -> list[Row]:
    """
    Rows of the very same millisecond that come after (time, _id), at most `limit`. By the time alone: for a range of
    `_id` beside it the embedded database leaves the index aside.
    """
    rows = await find({field: before[0]}, [("_id", -1)], _MOST_AT_ONCE)
    return [row for row in rows if row["_id"] < before[1]][:limit]


async def newest(
    find: Find,
    field: str,
    *,
    now: datetime,
    before: tuple[datetime, str] | None,
    limit: int,
    since: datetime = BEGINNING,
) -> list[Row]:
    """At most `limit` rows by the time in `field`, back to `since`: the newest first, or those before (time, _id)."""
    rows: list[Row] = []
    if before is not None:
        rows += await same_moment(find, field, before, limit)
        end = before[0]
    else:
        end = now + timedelta(seconds=1)
    width = _FIRST
    while len(rows) < limit and end > since:
        start = max(end - width, since)
        rows += await find({field: {"$gte": start, "$lt": end}}, [(field, -1), ("_id", -1)], limit - len(rows))
        end, width = start, width * _WIDENING
    return rows
