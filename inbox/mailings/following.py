"""
Whom a mailing has not reached, for whoever follows it up by another way: each person as soon as that is certain.

Somebody with whom it failed is told at once, who was sent it and is silent once their patience is over. Whoever writes
what came of a batch marks it to be looked at (inbox/store/mailings.py), and a look notes when the next silence in it
ends: so what is read is what has changed, however large the audience is.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from app.core.runtime import Workspace
from inbox.mailings import results
from inbox.mailings.mailing import Mailing, Outcome, Ref
from inbox.store import mailings as store
from inbox.store.mailings import Work
from inbox.timeline import entry_id_of

_AT_ONCE = 10


async def missed(ws: Workspace, mailing: Mailing, patience: timedelta | None) -> list[Outcome]:
    """
    Those of at most ten batches whom another mailing may write to now; none: nobody else yet. They are named again
    until they are taken over. `patience` is how long silence is waited for; None: what is sent has arrived.
    """
    now = ws.clock.now()
    while works := await store.to_look_at(ws, mailing.id, now, limit=_AT_ONCE):
        looks = [(work, *_look(work, patience, now)) for work in works]
        await store.looked_at(ws, [(work, after) for work, places, after in looks if not places])
        needy = {work.id: places for work, places, _ in looks if places}
        if needy:
            groups = await store.groups(ws, list(needy))
            return [
                each
                for work in works
                if work.id in needy
                for place, each in enumerate(results.outcomes(mailing, work, groups[work.id], entry_id_of, now))
                if place in needy[work.id]
            ]
    return []


async def take_over(ws: Workspace, outcomes: Sequence[Outcome]) -> None:
    """Another mailing has these people now; this one tries them no more."""
    await store.take_over(ws, [ref for each in outcomes if (ref := Ref.parse(each.ref))])


async def next_look(ws: Workspace, mailing: Mailing, within: timedelta) -> datetime | None:
    """When somebody should look again, at most so much later; None once everybody's outcome is certain."""
    until = ws.clock.now() + within
    look = await store.next_look(ws, mailing.id, until)
    return look or (None if mailing.state == "done" else until)


def _look(work: Work, patience: timedelta | None, now: datetime) -> tuple[list[int], datetime | None]:
    """Who of a batch needs another way now, by their place; and when the next one may."""
    places: list[int] = []
    after: datetime | None = None
    for place in set(range(work.size)).difference(work.p):
        state, _, _ = results.stand(work, place, cancelled=False)
        if state in ("sent", "unknown") and patience is not None:
            silent_until = store.moment(work.o[str(place)][1]) + patience
            if silent_until > now:
                after = min(after or silent_until, silent_until)
                continue
        # What may have arrived is not sent again by a machine.
        silent = state == "sent" and patience is not None
        answers = work.m.get(str(place), {})
        if (silent or state == "failed") and "replied" not in answers and "opted_out" not in answers:
            places.append(place)
    return places, after
