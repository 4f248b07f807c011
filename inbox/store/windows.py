"""
Pages of long lists in the order of a time, read in bounded windows that widen only when they come up short.

The same work however long the list is, on every engine: equality on what the list is made of and one range are an
exact piece of an index, while a sort with a limit makes the embedded database read everything.
"""

from __future__ import annotations

import base64
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import orjson

from app.core import windows
from app.core.errors import Invalid
from app.core.mongo import Document, ScopedCollection

NARROWEST = timedelta(milliseconds=1)
EARLIEST = datetime(2020, 1, 1, tzinfo=UTC)
# A window with more rows than this was too wide, and is read again narrower.
_MOST = 1_000
# So many rows are looked at for a page, found or not.
_LOOKED_AT = 3_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Sorts before every id: a page that ended between two rows goes on with the cursor's instant (or leaves it behind).
_NO_ID = "\x00"

# Of so many lists it is remembered where they began.
_MOST_REMEMBERED = 5_000

# Rows within a span of time, at most so many of each piece of the list.
Read = Callable[[Document, int], Awaitable[list[Document]]]
Fits = Callable[[Document], bool]


@dataclass(frozen=True, slots=True)
class Walk:
    """
    From `start` to `end`, backwards where that is earlier, over rows that stand at the time in `field`; in windows of
    `width` at first. Before `empty_until` there should be nothing: it is looked at in one window.
    """

    field: str
    start: datetime
    end: datetime
    width: timedelta = timedelta(hours=1)
    empty_until: datetime | None = None

    @property
    def back(self) -> bool:
        return self.end < self.start


class Beginnings:
    """
    Where the first row of a list stood when somebody last looked, and how wide a window was that filled a page. After
    a quiet hour on a long list, looking for both takes longer than the page. It says where windows begin and never
    what is in them, so an old one costs time and nothing else.
    """

    def __init__(self) -> None:
        self._known: OrderedDict[Hashable, tuple[datetime, timedelta]] = OrderedDict()

    def guess(self, key: Hashable, walk: Walk) -> Walk:
        known = self._known.get(key)
        if known is None:
            return walk
        first, width = known
        inside = walk.end < first < walk.start if walk.back else walk.start < first < walk.end
        return replace(walk, width=width, empty_until=first) if inside else walk

    def note(self, key: Hashable, first: datetime, width: timedelta) -> None:
        self._known[key] = (first, width)
        self._known.move_to_end(key)
        if len(self._known) > _MOST_REMEMBERED:
            self._known.popitem(last=False)


_beginnings = Beginnings()


async def page(
    walk: Walk, read: Read, *, cursor: str | None, limit: int, fits: Fits, key: Hashable = None
) -> tuple[list[Document], str | None]:
    """
    Rows in order, from the cursor on, and the cursor of the next page (None at the end). A list that has a `key` is
    remembered by this process.

    The cursor is (time, id, width of the last window): pages of an even list need one query each. A page is short when
    too few of the rows looked at fit.
    """
    back = walk.back
    last_id = ""
    first: datetime | None = None
    if cursor is None and key is not None:
        walk = _beginnings.guess(key, walk)
    if cursor is not None:
        at, last_id, width = _open(cursor)
        walk = replace(walk, start=at, width=width, empty_until=None)
    found: list[Document] = []
    looked_at, width, near = 0, walk.width, walk.start
    skips = walk.empty_until is not None
    while True:
        far = walk.empty_until if skips and walk.empty_until else _further(walk, near, width, back)
        # Until something was found the width is a guess: after a quiet night it has grown too wide for what comes then.
        most = (_MOST if looked_at else 2 * limit + 1) if width > NARROWEST else 100 * _MOST
        rows = await read(_span(walk, near, far, back), most)
        if len(rows) >= most and width > NARROWEST:
            width = max((width if not skips else abs(far - near)) / 8, NARROWEST)
            skips = False
            continue
        looked_at += len(rows)
        if first is None and rows:
            first = (max if back else min)(row[walk.field] for row in rows)
        rows = [row for row in rows if not last_id or _is_after(_place(walk, row), (walk.start, last_id), back)]
        found += sorted(filter(fits, rows), key=lambda row: _place(walk, row), reverse=back)
        ended = far == walk.end
        if len(found) > limit or ended or looked_at > _LOOKED_AT:
            break
        if not skips:
            # Aim at twice the page, from the density seen so far.
            width = width * 4 if len(found) < limit / 4 else width * 2
        near, skips = far, False
    items = found[:limit]
    if len(found) > 4 * limit:
        width = max(width * (2 * limit / len(found)), NARROWEST)
    if cursor is None and key is not None and first is not None:
        _beginnings.note(key, first, width)
    if len(found) > limit:
        return items, _close(items[-1][walk.field], items[-1]["_id"], width)
    return items, None if ended else _close(far, _NO_ID, width)


def _further(walk: Walk, near: datetime, width: timedelta, back: bool) -> datetime:
    if back:
        return walk.end if near - walk.end <= width else near - width
    return walk.end if walk.end - near <= width else near + width


def _span(walk: Walk, near: datetime, far: datetime, back: bool) -> Document:
    """From `near` to `far`. The near end of the first window, and the far end of the last, belong to it."""
    if back:
        return {"$gte": far, "$lte" if near == walk.start else "$lt": near}
    return {"$gte": near, "$lte" if far == walk.end else "$lt": far}


def _place(walk: Walk, row: Document) -> tuple[datetime, str]:
    return row[walk.field], row["_id"]


def _is_after(here: tuple[datetime, str], last: tuple[datetime, str], back: bool) -> bool:
    return here < last if back else here > last


def _close(at: datetime, last_id: str, width: timedelta) -> str:
    values = [(at - _EPOCH) // timedelta(milliseconds=1), last_id, int(width.total_seconds() * 1000)]
    return base64.urlsafe_b64encode(orjson.dumps(values)).decode()


def _open(cursor: str) -> tuple[datetime, str, timedelta]:
    try:
        at, last_id, width = orjson.loads(base64.urlsafe_b64decode(cursor.encode()))
        when = datetime.fromtimestamp(at / 1000, UTC).replace(microsecond=at % 1000 * 1000)
        return when, str(last_id), timedelta(milliseconds=min(max(int(width), 1), 10**11))
    except (ValueError, TypeError, OverflowError, OSError):
        raise Invalid.field(
            "cursor", "This cursor is not one that Parley gave out; start from the first page."
        ) from None


async def between(
    rows: ScopedCollection, field: str, start: datetime, end: datetime, *, cursor: str | None, limit: int
) -> tuple[list[Document], str | None]:
    """Rows whose time in an indexed field is from `start` to `end`, the oldest first, and the next cursor."""

    async def read(span: Document, most: int) -> list[Document]:
        return await rows.find({field: span}, limit=most)

    return await page(Walk(field, start, end, end - start), read, cursor=cursor, limit=limit, fits=lambda _: True)


async def newest_between(
    rows: ScopedCollection,
    field: str,
    where: Document,
    start: datetime,
    end: datetime,
    *,
    before: tuple[datetime, str] | None,
    limit: int,
) -> list[Document]:
    """Rows that fit whose time in an indexed field is from `start` on and before `end`, the newest first."""

    async def find(within: Document, sort: list[tuple[str, int]], most: int) -> list[Document]:
        return await rows.find({**where, **within}, sort=sort, limit=most)

    found = await windows.newest(find, field, now=end, since=start, before=before, limit=limit)
    return [row for row in found if start <= row[field] < end]
