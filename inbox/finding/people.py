"""
Lists of contacts: narrowed by what they have, by time, by name or by when something last happened with them.

A list is read along the facet that says most, and what else is asked for is looked at row by row; no page looks at more
than a bounded number of rows, so that one may be short, and the next goes on from there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from app.core.permissions import Actor
from app.core.runtime import Workspace
from crm import data_health, data_health_look, facets
from crm.contacts import Contact
from crm.store import contact_health as health_store
from crm.store import contacts as store
from inbox import access
from inbox.finding import listing
from inbox.finding.lists import Wanted as Conversations
from inbox.sight import Sight

Sort = Literal["newest", "name", "active", "health"]
SORTS: Sequence[str] = get_args(Sort)
# A list of so few is read whole, whatever its order.
FEW = 500
_BATCH = 200
_MOST_BATCHES = 5
COUNTED = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Contacts that have all of these; None: any."""

    sort: Sort = "newest"
    tag: str | None = None
    list_id: str | None = None
    stage: str | None = None
    owner: str | None = None
    company: str | None = None
    role: str | None = None
    language: str | None = None
    risk: str | None = None
    # What there is about them (see crm/data_health.py); they are then in the order of their ids.
    finding: str | None = None

    @property
    def words(self) -> list[str]:
        """As facets, what the fewest contacts have probably first."""
        given = {
            "company": self.company,
            "role": self.role,
            "list": self.list_id,
            "tag": self.tag,
            "owner": self.owner,
            "stage": self.stage,
            "language": facets.language(self.language),
            "risk": self.risk,
        }
        return [facets.word(name, value) for name, value in given.items() if value]


def fits(contact: Contact, words: Sequence[str]) -> bool:
    has = facets.of(contact)
    return all(word in has for word in words)


async def matching(ws: Workspace, actor: Actor, text: str, wanted: Wanted, *, limit: int) -> list[Contact]:
    """Those with a name, handle or number like this, in no particular order."""
    found = await access.contacts_named(ws, actor, text, limit=limit)
    return [contact for contact in found if fits(contact, wanted.words)]


async def count(ws: Workspace, wanted: Wanted) -> tuple[int, bool]:
    """How many there are, and whether there are more than are counted."""
    if wanted.finding is not None:
        health = await data_health_look.last(ws)
        # Narrowed further it is not known how many of those there are.
        return health.counts.get(wanted.finding, 0), bool(wanted.words)
    found = await _few(ws, wanted.words, COUNTED)
    return (COUNTED, True) if found is None else (len(found), False)


async def page(
    ws: Workspace, actor: Actor, wanted: Wanted, *, cursor: str | None, limit: int
) -> tuple[list[Contact], str | None]:
    """
    Those that the actor sees, and where the next page begins: the id of the last one looked at, or for `active` the
    cursor of conversations.
    """
    if wanted.finding is not None:
        return await _with_finding(ws, actor, wanted, wanted.finding, cursor, limit)
    match wanted.sort:
        case "active":
            return await _active(ws, actor, wanted, cursor, limit)
        case "name":
            return await _by_name(ws, actor, wanted, cursor, limit)
        case "health":
            return await _by_health(ws, actor, wanted, cursor, limit)
    return await _newest(ws, actor, wanted, cursor, limit)


async def _newest(
    ws: Workspace, actor: Actor, wanted: Wanted, cursor: str | None, limit: int
) -> tuple[list[Contact], str | None]:
    words = wanted.words or [facets.ALL]
    last = await store.contact(ws, cursor) if cursor else None
    shown: list[Contact] = []
    for _ in range(_MOST_BATCHES):
        before = (last.created_at, last.id) if last else None
        read = await store.newest(ws, words[0], before=before, limit=max(limit, 1))
        shown += await access.visible_contacts(ws, actor, [each for each in read if fits(each, words)])
        last = read[-1] if read else None
        if last is None or len(shown) >= limit:
            break
    return _cut(shown, limit, last.id if last else None)


async def _with_finding(
    ws: Workspace, actor: Actor, wanted: Wanted, finding: str, cursor: str | None, limit: int
) -> tuple[list[Contact], str | None]:
    shown: list[Contact] = []
    for _ in range(_MOST_BATCHES):
        read, cursor = await data_health.page(ws, finding, after=cursor, limit=limit - len(shown))
        shown += await access.visible_contacts(ws, actor, [each for each in read if fits(each, wanted.words)])
        if cursor is None or len(shown) >= limit:
            break
    return shown, cursor


def _cut(shown: list[Contact], limit: int, last: str | None) -> tuple[list[Contact], str | None]:
    return (shown[:limit], shown[limit - 1].id) if len(shown) > limit else (shown, last)


async def _by_name(
    ws: Workspace, actor: Actor, wanted: Wanted, cursor: str | None, limit: int
) -> tuple[list[Contact], str | None]:
    last = await store.contact(ws, cursor) if cursor else None
    after = store.name_key(last) if last else None
    few = await _few(ws, wanted.words, FEW) if wanted.words else None
    if few is not None:
        rest = sorted((each for each in few if after is None or store.name_key(each) > after), key=store.name_key)
        seen = await access.visible_contacts(ws, actor, rest)
        return seen[:limit], seen[limit - 1].id if len(seen) > limit else None
    shown: list[Contact] = []
    for _ in range(_MOST_BATCHES):
        read = await store.by_name(ws, after=after, limit=_BATCH if wanted.words else limit)
        shown += await access.visible_contacts(ws, actor, [each for each in read if fits(each, wanted.words)])
        last = read[-1] if read else None
        if last is None or len(shown) >= limit:
            break
        after = store.name_key(last)
    return _cut(shown, limit, last.id if last else None)


async def _by_health(
    ws: Workspace, actor: Actor, wanted: Wanted, cursor: str | None, limit: int
) -> tuple[list[Contact], str | None]:
    """The lowest score first; who has none is not in this order."""
    last = await store.contact(ws, cursor) if cursor else None
    after = _health_key(ws, last)
    shown: list[Contact] = []
    for _ in range(_MOST_BATCHES):
        read = await health_store.by_score(ws, after=after, limit=_BATCH if wanted.words else limit)
        whole = [each for each in read if each.merged_into is None and fits(each, wanted.words)]
        shown += await access.visible_contacts(ws, actor, whole)
        last = read[-1] if read else None
        after = _health_key(ws, last)
        if last is None or len(shown) >= limit:
            break
    return _cut(shown, limit, last.id if last else None)


def _health_key(ws: Workspace, contact: Contact | None) -> str | None:
    return health_store.key(ws, contact.health.score, contact.id) if contact and contact.health else None


async def _active(
    ws: Workspace, actor: Actor, wanted: Wanted, cursor: str | None, limit: int
) -> tuple[list[Contact], str | None]:
    """By their conversations: who never wrote and was never written to has none."""
    seen: Sight = await access.sight(ws, actor)
    shown: list[Contact] = []
    for _ in range(_MOST_BATCHES):
        everything = Conversations(view="all")
        threads, cursor = await listing.page(
            ws, everything, sight=seen, cursor=cursor, limit=limit - len(shown) if not wanted.words else _BATCH
        )
        known = await store.contacts_by_id(ws, [each.contact_id for each in threads])
        found = [known[each.contact_id] for each in threads if each.contact_id in known]
        shown += [each for each in found if fits(each, wanted.words)]
        if cursor is None or len(shown) >= limit:
            break
    return shown, cursor


async def _few(ws: Workspace, words: Sequence[str], most: int) -> list[Contact] | None:
    """All that have these, if they are few."""
    found = await store.newest(ws, words[0] if words else facets.ALL, before=None, limit=most + 1)
    return None if len(found) > most else [each for each in found if fits(each, words)]
