"""Test sends: a broadcast as it will be, to a few people now, through the outbox like every single message."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.core import audit, ids
from app.core.errors import AppError
from app.core.permissions import Actor
from app.core.runtime import Workspace
from automations import broadcasts, checks, placing
from automations.broadcasts import Broadcast
from crm.contacts import Contact
from inbox import conversations, outbox
from inbox.outbox import Draft
from inbox.timeline import Author


@dataclass(frozen=True, slots=True)
class Tested:
    """`reason`: why it was not sent."""

    contact_id: str
    entry_id: str | None = None
    reason: str | None = None


async def send(
    ws: Workspace, actor: Actor, now: Broadcast, people: Sequence[Contact], variant: str | None
) -> list[Tested]:
    """To each of them, or why not. The gate is asked as for any message. Raises Invalid, Conflict."""
    laid = await placing.layout(ws, now.plan)
    purpose = checks.purpose_of(now.plan, laid)
    found: list[Tested] = []
    for person in people:
        placed = await placing.of_one(ws, laid, now.plan.variant(variant or "").key, person, purpose.value)
        if placed.address is None or placed.content is None:
            found.append(Tested(person.id, reason=f"{person.name} has no handle for {laid.account.name}."))
            continue
        if placed.missing:
            found.append(Tested(person.id, reason=f"Not known of {person.name}: {', '.join(placed.missing)}."))
            continue
        conversation = await conversations.for_contact(ws, person.id, name=person.name)
        draft = Draft(
            content=placed.content,
            author=Author("member", actor.member_id, actor.name),
            client_id=ids.new("tst"),
            purpose=purpose,
            topic=now.plan.topic,
            account_id=laid.account.id,
            address=str(placed.address),
        )
        try:
            entries = await outbox.enqueue(ws, conversation, draft)
        except AppError as error:
            found.append(Tested(person.id, reason=error.detail))
        else:
            found.append(Tested(person.id, entry_id=entries[0].id))
    sent = [each.contact_id for each in found if each.entry_id]
    await audit.record(ws, actor, "broadcast.tested", broadcasts.target(now), {"contact_ids": sent})
    return found
