"""
Blocking: somebody from whom nobody here wants to hear any more, spam or worse.

What they write is stored and appears nowhere: their conversation is closed, stays closed and does not move. Where the
provider can keep them away it is asked to; that it refuses (WhatsApp blocks only who wrote within a day) changes
nothing here.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

import httpx

from app.core import audit
from app.core.addresses import Address
from app.core.audit import Target
from app.core.errors import AppError
from app.core.permissions import Actor
from app.core.runtime import Workspace
from channels import accounts, registry
from channels.contract import Blocks
from channels.errors import SendError
from crm import contacts
from crm.contacts import Block, Contact
from crm.store import contacts as contact_store
from inbox import conversations, episodes, events, live
from inbox.conversations import Conversation, Reach
from inbox.store import blocked
from inbox.store import conversations as store
from inbox.timeline import Author

_PROVIDER_SECONDS = 10


async def block(ws: Workspace, actor: Actor, contact_id: str, reason: str, note: str) -> Contact:
    """Raises NotFound."""
    wanted = Block(reason, ws.clock.now(), actor.name, note.strip())  # type: ignore[arg-type]
    return await _set(ws, actor, contact_id, wanted)


async def unblock(ws: Workspace, actor: Actor, contact_id: str) -> Contact:
    """Their conversation stays closed until they write again. Raises NotFound."""
    return await _set(ws, actor, contact_id, None)


async def listed(
    ws: Workspace, *, before: tuple[datetime, str] | None, limit: int
) -> tuple[list[Contact], tuple[datetime, str] | None]:
    """A page of those who are blocked, the newest first, and where the next begins."""
    rows = await blocked.page(ws, before=before, limit=limit + 1)
    shown = rows[:limit]
    known = await contact_store.contacts_by_id(ws, [contact_id for _, contact_id in shown])
    found = [known[contact_id] for _, contact_id in shown if contact_id in known]
    return [each for each in found if each.block and each.merged_into is None], shown[-1] if len(rows) > limit else None


async def _set(ws: Workspace, actor: Actor, contact_id: str, wanted: Block | None) -> Contact:
    async with live.announced(ws, "contact", contact_id):
        contact_id = (await contacts.get(ws, contact_id)).id
        if wanted is not None:
            # First, so that nobody is blocked and cannot be found; the list shows who really is.
            await blocked.add(ws, contact_id, wanted.at)
        contact = await contacts.set_block(ws, contact_id, wanted)
        if wanted is None:
            await blocked.remove(ws, contact_id)
        found = await store.of_contact(ws, contact.id)
        changed = [await _mark(ws, conversation, actor, wanted) for conversation in found]
        ways = [reach for conversation in changed for reach in conversation.reach]
        told = await tell_providers(ws, ways, on=wanted is not None)
        name = "contact_blocked" if wanted else "contact_unblocked"
        detail = {"reason": wanted.reason, "note": wanted.note} if wanted else {}
        await audit.record(ws, actor, name.replace("_", "."), Target("contact", contact.id, contact.name), detail)
        if changed:
            await events.note(
                ws,
                contact.id,
                key=f"{name}/{changed[0].revision}",
                event={"name": name, **detail, "providers": told},
                at=ws.clock.now(),
                author=Author("member" if actor.type == "member" else "bot", actor.id, actor.name),
            )
        await live.publish(ws, live.event("contact", {"id": contact.id}))
    return contact


async def _mark(ws: Workspace, conversation: Conversation, actor: Actor, wanted: Block | None) -> Conversation:
    blocked, at = wanted is not None, ws.clock.now()

    def how(now: Conversation) -> Conversation:
        if now.blocked == blocked:
            return now
        marked = replace(now, blocked=blocked)
        if not blocked or now.state == "closed":
            return marked
        facts = replace(episodes.of(marked), closed_by=actor.member_id or None, comment=f"Blocked: {wanted.reason}")  # type: ignore[union-attr]
        return conversations.shut(replace(marked, facts=facts), at)

    return (await conversations.change(ws, conversation, how))[0]


async def tell_providers(ws: Workspace, ways: Iterable[Reach], *, on: bool) -> dict[str, str]:
    """Ask those that can to keep them away, or to let them in again: channel -> `done`, or the provider's words."""
    told: dict[str, str] = {}
    for reach in ways:
        try:
            account = await accounts.get(ws.runtime, reach.account_id)
            adapter = registry.adapter(account.kind)
            if isinstance(adapter, Blocks):
                async with asyncio.timeout(_PROVIDER_SECONDS):
                    await adapter.block(accounts.io(ws.runtime), account, Address.parse(reach.address), on)
                told[account.kind] = "done"
        except SendError as error:
            told[account.kind] = error.message
        except (AppError, httpx.HTTPError, TimeoutError) as error:
            ws.log.info("block_not_told", account_id=reach.account_id, error=type(error).__name__)
    return told
