"""
The only door to a conversation for an agent, and to what hangs on it: its contact, tickets, files.

What somebody does not see is not there for them: 404, never 403, so that nobody finds out by asking (docs/access.md).
"""

from collections.abc import Iterable, Sequence

from app.core import addresses
from app.core.addresses import Address
from app.core.errors import NotFound
from app.core.permissions import Actor, Permission, Scope
from app.core.runtime import Workspace
from channels import registry
from crm import contacts, masks
from crm.contacts import Contact
from crm.store import contacts as contact_store
from inbox import conversations, files, timeline
from inbox.conversations import Conversation
from inbox.files import StoredFile
from inbox.routing import teams
from inbox.sight import Sight
from inbox.store import conversations as store
from inbox.ticketing import tickets
from inbox.ticketing.tickets import Ticket
from inbox.timeline import Entry

READ = Permission.INBOX_READ
REPLY = Permission.INBOX_REPLY


async def sight(ws: Workspace, actor: Actor) -> Sight:
    """What the actor sees at this moment; costs a read only where the teams matter."""
    rights = actor.rights
    own: list[str] = []
    if rights.scope is Scope.TEAMS:
        own = [team.id for team in await teams.of_member(ws, actor.member_id)]
    return Sight(actor.member_id, rights.scope, frozenset(own), rights.unclaimed)


async def conversation(ws: Workspace, actor: Actor, conversation_id: str, need: Permission = READ) -> Conversation:
    """Raises Forbidden, NotFound."""
    actor.require(need)
    found = await conversations.get(ws, conversation_id)
    if not (await sight(ws, actor)).sees(found):
        raise NotFound("There is no such conversation.")
    return found


async def require(ws: Workspace, actor: Actor, conversation_ids: Sequence[str]) -> None:
    """Raises NotFound where one of these is not seen."""
    if set(conversation_ids) - await visible(ws, actor, conversation_ids):
        raise NotFound("There is no such conversation.")


async def visible(ws: Workspace, actor: Actor, conversation_ids: Iterable[str]) -> set[str]:
    """Those of these that the actor sees; where that is all of them nothing is read."""
    asked = list(dict.fromkeys(conversation_ids))
    seen = await sight(ws, actor)
    if seen.everything or not asked:
        return set(asked)
    return {given for given, each in (await conversations.whole(ws, asked)).items() if seen.sees(each)}


async def entry(ws: Workspace, actor: Actor, entry_id: str, need: Permission = READ) -> Entry:
    """Raises Forbidden, NotFound."""
    actor.require(need)
    found = await timeline.get(ws, entry_id)
    if not await visible(ws, actor, [found.conversation_id]):
        raise NotFound("There is no such entry.")
    return found


async def contact(ws: Workspace, actor: Actor, contact_id: str) -> Contact:
    """Seen by who sees one of their conversations. Raises NotFound."""
    found = await contacts.get(ws, contact_id)
    seen = await sight(ws, actor)
    if not seen.everything and not any(seen.sees(each) for each in await store.of_contact(ws, found.id)):
        raise NotFound("There is no such contact.")
    return found


async def visible_contacts(ws: Workspace, actor: Actor, found: Sequence[Contact]) -> list[Contact]:
    """Those of these that the actor sees."""
    seen = await visible(ws, actor, [conversations.id_for(each.id) for each in found])
    return [each for each in found if conversations.id_for(each.id) in seen]


async def contacts_named(ws: Workspace, actor: Actor, words: str, *, limit: int) -> list[Contact]:
    """
    Contacts that one sees, by words of their name or handle, or by a phone number in any notation. From whom handles
    are hidden, to them names count as they are shown, and a handle only as a whole.
    """
    sought = contacts.search_tokens(words)
    if not sought:
        return []
    found = await contact_store.contacts_named(ws, sought, limit=limit)
    if (number := contacts.number_sought(words)) is not None:
        numbered = await contact_store.contacts_numbered(ws, number, limit=limit)
        found = list({each.id: each for each in (*numbered, *found)}.values())[:limit]
    if (masker := masks.of(ws, actor)) is not None:
        known = {each.id: contacts.search_tokens(masker.within(each.name)) for each in found}
        found = [each for each in found if all(any(t.startswith(w) for t in known[each.id]) for w in sought)]
        found = [*await _with_handle(ws, words), *found]
    return await visible_contacts(ws, actor, list({each.id: each for each in found}.values()))


async def _with_handle(ws: Workspace, handle: str) -> list[Contact]:
    """The contacts of this very number, or email address."""
    handle = handle.strip()
    values = [value for value in (addresses.e164(handle), handle if "@" in handle else None) if value]
    wanted = [Address(kind, value) for kind in (*registry.adapters(), "email") for value in values]
    rows = await contact_store.addresses(ws, wanted)
    return list((await contact_store.contacts_by_id(ws, {row.contact_id for row in rows})).values())


async def address(ws: Workspace, actor: Actor, conversation: Conversation, given: str | None) -> str | None:
    """The address that is meant by whom it may be hidden from."""
    masker = masks.of(ws, actor)
    if masker is None or given is None:
        return given
    rows = await contacts.addresses_of(ws, conversation.contact_id)
    return masker.unmasked(given, [*(each.address for each in conversation.reach), *(str(row.address) for row in rows)])


async def handle(ws: Workspace, actor: Actor, contact_id: str, given: str) -> str:
    """The handle of a contact that is meant by whom it may be hidden from."""
    masker = masks.of(ws, actor)
    if masker is None:
        return given
    return masker.unmasked(given, [str(row.address) for row in await contacts.addresses_of(ws, contact_id)])


async def ticket(ws: Workspace, actor: Actor, ticket_id: str) -> Ticket:
    """Raises NotFound."""
    found = await tickets.get(ws, ticket_id)
    if not await visible_tickets(ws, actor, [found]):
        raise NotFound("There is no such ticket.")
    return found


async def visible_tickets(ws: Workspace, actor: Actor, found: Sequence[Ticket]) -> list[Ticket]:
    """One's own and one's teams', and those about a conversation that one sees."""
    seen = await sight(ws, actor)
    about = {each.id: (conversations.id_for(each.contact_id), *each.conversation_ids) for each in found}
    others = [conversation_id for each in found if not seen.has_ticket(each) for conversation_id in about[each.id]]
    known = await visible(ws, actor, others)
    return [each for each in found if seen.has_ticket(each) or not known.isdisjoint(about[each.id])]


async def file(ws: Workspace, actor: Actor, file_id: str) -> StoredFile:
    """What customers sent is seen by who sees a conversation that it is in. Raises Forbidden, NotFound."""
    actor.require(READ)
    found = await files.get(ws, file_id)
    if found.conversation_ids and not await visible(ws, actor, found.conversation_ids):
        raise NotFound("There is no such file.")
    return found


def may_listen(actor: Actor) -> bool:
    """Whether a screen of theirs is told of conversations at all."""
    return actor.may(READ)
