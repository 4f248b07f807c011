"""
The backlog by age: how long what is not done has been open, as a distribution, and what lies behind each part of it.

Ages are told at a moment, which comes with them: whoever asks for the rows of a number names it, and gets the same.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from app.core.errors import Invalid
from app.core.runtime import Workspace
from inbox.conversations import Conversation
from inbox.store import conversations as conversation_rows
from inbox.store import tickets as ticket_rows
from inbox.store.windows import EARLIEST
from inbox.ticketing.tickets import Ticket

Subject = Literal["conversations", "tickets"]
# Of older ones there are hardly ever more, and nobody counts on.
MOST_COUNTED = 5_000
DEFINITIONS: Final[dict[Subject, str]] = {
    "conversations": "Conversations that are open, with the bot or snoozed now, by the time since they were opened.",
    "tickets": "Tickets that are not solved now, by the time since they were made.",
}
_DAY = timedelta(days=1)
_MOMENT = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Range:
    """Ages from `least` on and below `below`; None: however old."""

    key: str
    label: str
    least: timedelta
    below: timedelta | None


RANGES: Final[tuple[Range, ...]] = (
    Range("day", "Less than a day", timedelta(), _DAY),
    Range("3d", "1 to 3 days", _DAY, 3 * _DAY),
    Range("7d", "3 to 7 days", 3 * _DAY, 7 * _DAY),
    Range("14d", "1 to 2 weeks", 7 * _DAY, 14 * _DAY),
    Range("30d", "2 weeks to 30 days", 14 * _DAY, 30 * _DAY),
    Range("older", "30 days and older", 30 * _DAY, None),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """How many are of an age; `more` if there are more than were counted."""

    range: Range
    count: int
    more: bool


async def ages(ws: Workspace, subject: Subject, at: datetime) -> list[Part]:
    """One part for each range, the youngest first."""
    count: Callable[..., Awaitable[int]] = (
        conversation_rows.count_opened if subject == "conversations" else ticket_rows.count_opened
    )
    parts = []
    for each in RANGES:
        start, end = _opened(each, at)
        found = await count(ws, start, end, most=MOST_COUNTED + 1)
        parts.append(Part(range=each, count=min(found, MOST_COUNTED), more=found > MOST_COUNTED))
    return parts


async def conversations(
    ws: Workspace, key: str, at: datetime, *, cursor: str | None, limit: int
) -> tuple[list[Conversation], str | None]:
    """Those of an age, the oldest first. Raises Invalid."""
    start, end = _opened(_range(key), at)
    return await conversation_rows.opened_within(ws, start, end, cursor=cursor, limit=limit)


async def tickets(
    ws: Workspace, key: str, at: datetime, *, cursor: str | None, limit: int
) -> tuple[list[Ticket], str | None]:
    """Those of an age, the oldest first. Raises Invalid."""
    start, end = _opened(_range(key), at)
    return await ticket_rows.opened_within(ws, start, end, cursor=cursor, limit=limit)


def _range(key: str) -> Range:
    found = next((each for each in RANGES if each.key == key), None)
    if found is None:
        raise Invalid.field("range", f"One of {', '.join(each.key for each in RANGES)}.")
    return found


def _opened(each: Range, at: datetime) -> tuple[datetime, datetime]:
    """The first and the last millisecond in which something of this age was opened."""
    return EARLIEST if each.below is None else at - each.below + _MOMENT, at - each.least


def csv_rows(parts: Sequence[tuple[Subject, Sequence[Part]]]) -> list[list[str]]:
    """As it is shown: a line for each age, a column for each subject."""
    lines = [["age", *(subject for subject, _ in parts)]]
    for index, each in enumerate(RANGES):
        lines.append([each.label, *(f"{of[index].count}{'+' if of[index].more else ''}" for _, of in parts)])
    return lines
