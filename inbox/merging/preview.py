"""The result of a merge before it is made: what the contact will have, and what a person should know."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.core.runtime import Workspace
from crm import merging
from crm.contacts import Contact
from crm.merging import Choice, Side, Sides, Stricter
from inbox import conversations
from inbox.conversations import Conversation
from inbox.merging import joining
from inbox.store import conversations as store
from inbox.ticketing import tickets
from inbox.ticketing.tickets import Filter

SHOWN_TICKETS = 50


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that the person should know before: a stable code, and words."""

    code: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """
    What the merged contact will have. `conversation` is the survivor's as it will be, None where neither side has one;
    `version` is given back when the merge is made.
    """

    sides: Sides
    contact: Contact
    choices: Sequence[Choice]
    stricter: Sequence[Stricter]
    conversation: Conversation | None
    tickets: Sequence[tickets.Ticket]
    more_tickets: bool
    troubles: Sequence[Trouble]

    @property
    def version(self) -> str:
        return self.sides.version


async def preview(ws: Workspace, into_id: str, from_id: str, picks: Mapping[str, Side]) -> Preview:
    """Nothing is changed. Raises NotFound, Conflict."""
    both = await merging.sides(ws, into_id, from_id)
    mine = await store.get(ws, conversations.id_for(into_id))
    theirs = await store.get(ws, conversations.id_for(from_id))
    stricter = merging.stricter([*both.into_addresses, *both.other_addresses])
    joined = mine or theirs
    if mine and theirs:
        joined = joining.joined(mine, theirs, ws.clock.now())
    found: list[tickets.Ticket] = []
    more = False
    for contact_id in (into_id, from_id):
        page, cursor = await tickets.page(
            ws, Filter(view="all", contact_id=contact_id), cursor=None, limit=SHOWN_TICKETS
        )
        found += page
        more = more or cursor is not None
    return Preview(
        sides=both,
        contact=merging.merged(both, picks),
        choices=merging.choices(both, picks),
        stricter=stricter,
        conversation=joined,
        tickets=sorted(found, key=lambda ticket: ticket.number, reverse=True),
        more_tickets=more,
        troubles=list(_troubles(both, mine, theirs, stricter)),
    )


def _troubles(
    both: Sides, mine: Conversation | None, theirs: Conversation | None, stricter: Sequence[Stricter]
) -> Sequence[Trouble]:
    found = []
    if mine and theirs and mine.state != "closed" and theirs.state != "closed":
        queue = mine.queue_id.capitalize()
        text = f"Both have an open conversation in {queue}. They become one; that of {both.into.name} goes on."
        found.append(Trouble("two_open_conversations", text))
        if mine.assignee_id and theirs.assignee_id and mine.assignee_id != theirs.assignee_id:
            text = f"Two colleagues look after them; who looks after {both.into.name} keeps the conversation."
            found.append(Trouble("two_assignees", text))
    if stricter:
        text = "They said different things about being written to. The stricter holds for both."
        found.append(Trouble("consent_differs", text))
    for contact, other in ((both.into, both.other), (both.other, both.into)):
        if contact.block is not None and other.block is None:
            text = f"{contact.name} is blocked, so the merged contact will be: nobody sees what they write."
            found.append(Trouble("blocked", text))
    verified = [
        {row.address.kind for row in rows if row.verified and row.address.value.startswith("user:")}
        for rows in (both.into_addresses, both.other_addresses)
    ]
    if verified[0] & verified[1]:
        text = "Both have signed in to your site as different users. Merge them only if you know that it is one person."
        found.append(Trouble("two_verified_ids", text))
    return found
