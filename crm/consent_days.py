"""
Agreements to marketing that came and went, by day: on which channel, by what (a form, a stop word, an import …), and
through which form or after which campaign. One is *gained* when a person can be advertised to on a channel where they
could not before as far as what they said goes, and *lost* the other way round; counted when the fact is added.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

from app.core import days
from app.core.runtime import Workspace
from crm import standing
from crm.contacts import ContactAddress
from crm.store import consent_days as store

MOST_DAYS: Final = 366
What = Literal["gained", "lost"]
_GONE: Final = frozenset(("withdrawn", "blocked", "held"))


# One definition of each figure, for screens, tables and docs.
DEFINITIONS: Final[Mapping[What, str]] = {
    "gained": "People who could not be advertised to on a channel, as far as what they said goes, and then could: they "
    "agreed, took a stop back, or unblocked us. Each person counts once for each time and channel.",
    "lost": "People who could be advertised to on a channel and then could not: they asked us to stop, may have, or "
    "blocked us. An agreement that runs out is no loss here: nobody said anything. The campaign is the last one whose "
    "message they had got within the three days before.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """`via` is the id of a form or of a broadcast, "" for neither; `name` is what it was called."""

    what: What
    channel: str
    source: str
    via: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Counted:
    day: date
    change: Change
    number: int


def gets_offers(rows: Sequence[ContactAddress], kind: str, ws: Workspace) -> bool:
    """Whether somebody with these handles has agreed to marketing on this channel, and not ended it."""
    now = ws.clock.now()
    states = {standing.overall(row.consent, "marketing", now) for row in rows if row.address.kind == kind}
    return "granted" in states and not states & _GONE


async def compare(
    ws: Workspace,
    before: Sequence[ContactAddress],
    after: Sequence[ContactAddress],
    *,
    source: str,
    via: tuple[str, str],
) -> None:
    """Counts what became of somebody's handles."""
    for kind in sorted({row.address.kind for row in after}):
        was, is_now = gets_offers(before, kind, ws), gets_offers(after, kind, ws)
        if was != is_now:
            what: What = "gained" if is_now else "lost"
            await count(ws, {Change(what=what, channel=kind, source=source, via=via[0], name=via[1]): 1})


async def count(ws: Workspace, changes: Mapping[Change, int]) -> None:
    """So many more today; days are those of UTC."""
    today = days.of("UTC", ws.clock.now())
    for change, number in changes.items():
        await store.add(ws, Counted(today, change, number))


async def last(ws: Workspace, number: int) -> tuple[date, list[Counted]]:
    """The first of the last so many days, and what was counted since."""
    since = days.of("UTC", ws.clock.now()) - timedelta(days=number - 1)
    return since, await store.since(ws, since)
