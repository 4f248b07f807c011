"""
Handles at which nobody could be reached lately: marketing leaves them alone for a while.

Answers and notices are tried all the same. Whoever writes from the handle can be reached again, and is at once.
"""

from datetime import datetime, timedelta

from app.core.addresses import Address
from app.core.runtime import Workspace
from crm.contacts import ContactAddress, Failure, Resting
from crm.store import contacts as store

# Of what failed longer ago nothing follows any more.
_COUNTS_FOR = timedelta(days=90)
_MOST = 5


async def note(ws: Workspace, address: Address, failed: Failure, words: str, *, after: int, days: int | None) -> None:
    """It failed once more; told twice, of the same campaign, it counts once. After so many it rests for so long."""
    for row in await store.addresses(ws, [address]):
        others = [
            each for each in row.failures if each.campaign != failed.campaign and failed.at - each.at < _COUNTS_FOR
        ]
        known = [*others, failed][-_MOST:]
        rests = row.resting
        if sum(each.code == failed.code for each in known) >= after:
            until = failed.at + timedelta(days=days) if days is not None else None
            rests = Resting(f"{words} ({failed.code})", until)
        await store.set_resting(ws, address, known, rests)


def refusal(row: ContactAddress, now: datetime) -> str | None:
    """Why marketing leaves it alone now, in words; None if it does not."""
    rests = row.resting
    if rests is None or (rests.until is not None and rests.until <= now):
        return None
    until = f"until {rests.until:%Y-%m-%d}" if rests.until is not None else "until they write"
    return f"They could not be reached here lately, so it gets no marketing {until}: {rests.reason}"
