"""
Rows that time passes over: read in short spans of an indexed time, since a range is read whole whatever its limit; how
far it has come is kept in the database.
"""

from datetime import datetime, timedelta

from app.core.mongo import Document
from app.core.runtime import Runtime

_NARROWEST, _WIDEST = timedelta(milliseconds=1), timedelta(minutes=1)


class Passing:
    """One process at a time passes over the rows of a collection; it begins at the moment of its first use."""

    def __init__(self, runtime: Runtime, collection: str, field: str) -> None:
        self._runtime = runtime
        self._rows = runtime.mongo[collection]
        self._field = field
        self._mark = f"passing:{collection}"
        self._at: datetime | None = None
        self._until: datetime | None = None
        self._noted: datetime | None = None
        self._width = _WIDEST

    async def next(self, end: datetime, *, most: int) -> list[Document]:
        """Rows of the next span that has any, up to this time: about `most`. Call `done` when they are dealt with."""
        if self._at is None:
            row = await self._runtime.mongo.marks.find_one({"_id": self._mark})
            self._at = self._noted = row["at"] if row else None
            if self._at is None:
                self._at = end
                await self._note(end)
        while self._at < end:
            until = min(self._at + self._width, end)
            limit = most if self._width > _NARROWEST else 100 * most
            rows = await self._rows.find({self._field: {"$gte": self._at, "$lt": until}}).limit(limit).to_list()
            if len(rows) >= limit and self._width > _NARROWEST:
                self._width = max(min(self._width, until - self._at) / 8, _NARROWEST)
                continue
            self._width = min(self._width * 2, _WIDEST)
            self._until = until
            if rows:
                return rows
            await self.done()
        return []

    async def any_before(self, end: datetime) -> bool:
        """Whether there may be rows that have not been passed yet and will be by then."""
        if self._at is None or end - self._at > _WIDEST:
            # A range is read whole: a long one is better passed over.
            return True
        return bool(await self._rows.find({self._field: {"$gte": self._at, "$lt": end}}, {"_id": 1}).limit(1).to_list())

    async def done(self) -> None:
        """What was given has been dealt with."""
        if self._until is not None:
            self._at, self._until = self._until, None
            if self._noted is None or self._at - self._noted > _WIDEST / 2:
                await self._note(self._at)

    async def _note(self, at: datetime) -> None:
        await self._runtime.mongo.marks.update_one({"_id": self._mark}, {"$set": {"at": at}}, upsert=True)
        self._noted = at
