"""Small signs towards the customer: typing, read, reactions. Losing one does no harm, so none is stored as work."""

from collections.abc import Awaitable, Sequence
from contextlib import suppress

import httpx
from redis.exceptions import RedisError

from app.core import log
from app.core.addresses import Address
from app.core.errors import Conflict, Invalid
from app.core.runtime import Runtime, Workspace
from channels import accounts, registry
from channels.contract import MarksRead, Reacts, ShowsTyping
from channels.errors import SendError
from inbox import live, messages, timeline
from inbox.timeline import Entry

_log = log.get("signals")
# Receipts of a reaction come within seconds; a provider that was down may bring them hours later.
_REACTIONS_KEPT_SECONDS = 86_400


async def best_effort(runtime: Runtime, sign: Awaitable[None]) -> None:
    try:
        await sign
    except (SendError, httpx.HTTPError, TimeoutError) as error:
        _log.info("sign_not_shown", error=type(error).__name__)


async def show_typing(runtime: Runtime, account_id: str, address: str, external_id: str | None) -> None:
    """Shows the customer that somebody is writing, where the channel can."""
    account = await accounts.get(runtime, account_id)
    adapter = registry.adapter(account.kind)
    if isinstance(adapter, ShowsTyping) and account.config.get("show_typing", True):
        to = Address.parse(address)
        await best_effort(runtime, adapter.show_typing(accounts.io(runtime), account, to, external_id))


async def mark_read(runtime: Runtime, account_id: str, address: str, external_id: str) -> None:
    """Tells the customer that their message was read, where the channel can and the account says so."""
    account = await accounts.get(runtime, account_id)
    adapter = registry.adapter(account.kind)
    if isinstance(adapter, MarksRead) and account.config.get("send_read_receipts", True):
        to = Address.parse(address)
        await best_effort(runtime, adapter.mark_read(accounts.io(runtime), account, to, external_id))


async def _remember(runtime: Runtime, account_id: str, reaction_id: str) -> None:
    """So that a receipt for it is not taken for one of a message that is still to come. Without Redis it will be."""
    with suppress(RedisError, OSError, TimeoutError):
        await runtime.redis.set(_reaction_key(account_id, reaction_id), "1", ex=_REACTIONS_KEPT_SECONDS)


async def reactions_among(runtime: Runtime, account_id: str, external_ids: Sequence[str]) -> set[str]:
    """Those of these ids that are reactions of ours."""
    with suppress(RedisError, OSError, TimeoutError):
        found = await runtime.redis.mget([_reaction_key(account_id, external_id) for external_id in external_ids])
        return {external_id for external_id, known in zip(external_ids, found, strict=True) if known}
    return set()


def _reaction_key(account_id: str, reaction_id: str) -> str:
    return f"parley:reaction:{account_id}:{reaction_id}"


async def react(ws: Workspace, entry: Entry, member_id: str, member_name: str, emoji: str) -> Entry:
    """
    Our reaction to a message; empty takes it back. Shown only when the provider has taken it.

    Raises Invalid (no message, or the channel has no reactions), Conflict (the provider refused, with its words).
    """
    if entry.kind != "message":
        raise Invalid("Only messages can be reacted to.")
    account = await accounts.get(ws.runtime, entry.account_id or "")
    adapter = registry.adapter(account.kind)
    external_id = entry.external_id or (entry.external_ids[0].partition(":")[2] if entry.external_ids else None)
    if not isinstance(adapter, Reacts) or external_id is None:
        raise Invalid("Reactions cannot be sent on this channel.")
    to = Address.parse(entry.address or "")
    try:
        reaction_id = await adapter.react(accounts.io(ws.runtime), account, to, external_id, emoji)
    except SendError as error:
        raise Conflict(error.message, code=error.code) from None
    except (httpx.HTTPError, TimeoutError):
        raise Conflict("The provider did not answer; try again.", code="not_sent") from None
    if reaction_id:
        await _remember(ws.runtime, account.id, reaction_id)
    # One reaction for the whole business: that is how every provider counts.
    async with live.announced(ws, "entry", entry.id):
        entry, _ = await timeline.change(ws, entry, messages.reacting(member_id, member_name, emoji))
        await live.tell_entry(ws, entry)
    return entry
