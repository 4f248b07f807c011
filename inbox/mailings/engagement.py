"""
What became of messages of mailings, as rules count it: read off their batches, of which providers' reports have written
it already, so that a report costs no row of its own.
"""

from collections.abc import Sequence
from typing import Final

from app.core.runtime import Workspace
from crm import happenings
from crm.happenings import Happening
from inbox.mailings.mailing import Ref
from inbox.store import mailings as store
from inbox.store.mailings import Work

# Of each person the newest messages: more than a rule may count, also where it asks for one channel or broadcast.
_MOST_OF_ONE: Final = 300


async def of(ws: Workspace, sent: Sequence[Happening]) -> list[Happening]:
    """
    Which of these (`happenings.SENT`) were delivered and read, and when. A hundred people of a mailing are one point
    read. What was read was delivered, whether or not that was told.
    """
    newest: dict[str, list[Happening]] = {}
    for each in sorted(sent, key=lambda each: each.at, reverse=True):
        mine = newest.setdefault(each.contact_id, [])
        if len(mine) < _MOST_OF_ONE:
            mine.append(each)
    refs = [(each, Ref.parse(happenings.message_of(each))) for mine in newest.values() for each in mine]
    works = await store.works(ws, sorted({ref.batch_id for _, ref in refs if ref is not None}))
    return [told for each, ref in refs if ref and (work := works.get(ref.batch_id)) for told in _told(each, ref, work)]


def _told(sent: Happening, ref: Ref, work: Work) -> list[Happening]:
    known = work.d.get(str(ref.place), {})
    read = known.get("read")
    delivered = known.get("delivered", read)
    return [
        happenings.of_message(sent, kind, store.moment(at))
        for kind, at in ((happenings.DELIVERED, delivered), (happenings.READ, read))
        if at is not None
    ]
