"""What an erasure would do: what goes, and what stays and why, before anything happens."""

from dataclasses import dataclass

from app.core.runtime import Workspace
from crm import consent, contacts, exports
from crm.contacts import Contact
from inbox import conversations
from inbox.closing import surveys
from inbox.merging import sides
from inbox.store import conversations as conversation_store
from inbox.store import drafts as draft_store
from inbox.store import entries as entry_store


@dataclass(frozen=True, slots=True)
class Item:
    """`code` is stable; `number` how many, `words` what becomes of them."""

    code: str
    number: int
    words: str


@dataclass(frozen=True, slots=True)
class Outlook:
    """`handles` is how many handles lead to them; `against` why it cannot be done now."""

    name: str
    goes: list[Item]
    stays: list[Item]
    against: str | None


async def of(ws: Workspace, contact: Contact) -> Outlook:
    members = [contact.id, *contact.absorbed]
    entries = handles = tickets = asked = drafts = waiting = 0
    for each in members:
        known = await conversation_store.get(ws, conversations.id_for(each))
        entries += known.last_number if known else 0
        handles += len(await contacts.addresses_of(ws, each))
        tickets += len(await sides.tickets_of(ws, each))
        asked += len(await surveys.of_contact(ws, each))
        drafts += len(await draft_store.of_conversation(ws, conversations.id_for(each)))
        waiting += len(await entry_store.outbox_of(ws, each)) + len(known.deferred if known else ())
    facts = len(await consent.history(ws, contact.id))
    written = len(await exports.latest(ws))
    goes = [
        Item("handles", handles, "handles, the name, notes and every value that is kept of them"),
        Item("entries", entries, "messages, notes and events, with their files and the words they are found by"),
        Item("waiting", waiting, "messages that still wait to be sent; none of them goes out"),
        Item("drafts", drafts, "drafts, beside codes, notices to colleagues and signed-in browsers"),
        Item("tickets", tickets, "tickets lose title, description and fields, and are closed"),
        Item("surveys", asked, "answers to surveys lose what was written beside the score"),
        Item("merged", len(contact.absorbed), "contacts that were merged into this one"),
        Item("exports", written, "exported tables, in which they may be; they can be written anew"),
    ]
    stays = [
        Item("tombstones", entries, "numbered places on the timeline, without words, so that nothing else moves"),
        Item("suppression", handles, "hashes of the handles, so that no marketing reaches them again"),
        Item("facts", facts, "what they agreed to and took back, as its proof, under those hashes"),
        Item("figures", asked + tickets, "scores, times and counts of reports"),
        Item("audit", 1, "that it was done, by whom and when, without a name"),
    ]
    against = f"{contact.hold.by} has put a legal hold on them: {contact.hold.reason}" if contact.hold else None
    return Outlook(contact.name, [each for each in goes if each.number], stays, against)
