"""
What is worth more: of marketing that is on its way to the same people, the more valuable has the room that caps leave.

Only mailings that run, and are worth more than the one asked for, are looked into; with none of them it costs nothing.
"""

from collections.abc import Sequence

from app.core.errors import NotFound
from app.core.kept import Kept
from app.core.runtime import Workspace
from channels import accounts
from crm import gate
from crm.pacing import Claim
from inbox.mailings import placing
from inbox.mailings.mailing import Mailing
from inbox.store import mailings as store


async def _stored(ws: Workspace) -> tuple[Mailing, ...]:
    return tuple(each for each in await store.running(ws) if each.purpose == gate.MARKETING)


_running = Kept(_stored, placing.KEPT_SECONDS)


async def claims(
    ws: Workspace, contact_ids: Sequence[str], *, above: int, but: str = ""
) -> dict[str, tuple[Claim, ...]]:
    """
    By contact, the messages of other mailings than `but` that are still to go to them and are of a priority `above`
    this. A handful of commands for all of them, none where nothing else runs.
    """
    if not any(mailing_id != but for mailing_id in await placing.waiting(ws)):
        return {}
    rivals = {each.id: each for each in await _running.of(ws) if each.priority > above and each.id != but}
    if not rivals or not contact_ids:
        return {}
    refs = await store.refs_of(ws, list(rivals), contact_ids)
    works = await store.works(ws, sorted({ref.batch_id for each in refs.values() for ref in each}))
    kinds = {each.account_id: await _kind(ws, each.account_id) for each in works.values()}
    now = ws.clock.now()
    found: dict[str, tuple[Claim, ...]] = {}
    for contact_id, places in refs.items():
        for ref in places:
            work = works.get(ref.batch_id)
            if work is None or str(ref.place) in work.o:
                continue
            waits = work.w.get(str(ref.place))
            at = store.moment(waits[0]) if waits else work.due_at or now
            mailing = rivals[work.mailing_id]
            claim = Claim(mailing.name, mailing.priority, max(at, now), kinds[work.account_id])
            found[contact_id] = (*found.get(contact_id, ()), claim)
    return found


async def _kind(ws: Workspace, account_id: str) -> str:
    """The channel; none that any cap names, for a sender that is no more."""
    try:
        return (await accounts.get(ws.runtime, account_id)).kind
    except NotFound:
        return ""
