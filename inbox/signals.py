"""Small signs towards the customer: typing, read, reactions. Losing one does no harm, so none is stored as work."""

from collections.abc import Awaitable

import httpx

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


async def react(ws: Workspace, entry: Entry, member_id: str, member_name: str, emoji: str) -> Entry:
    """
    Our reaction to a message; empty takes it back. Shown only when the provider has taken it.

    Raises Invalid (the channel has no reactions), Conflict (the provider refused, with its words).
    """
    account = await accounts.get(ws.runtime, entry.account_id or "")
    adapter = registry.adapter(account.kind)
    external_id = entry.external_id or (entry.external_ids[0].partition(":")[2] if entry.external_ids else None)
    if not isinstance(adapter, Reacts) or external_id is None:
        raise Invalid("Reactions cannot be sent on this channel.")
    to = Address.parse(entry.address or "")
    try:
        await adapter.react(accounts.io(ws.runtime), account, to, external_id, emoji)
    except SendError as error:
        raise Conflict(error.message, code=error.code) from None
    except (httpx.HTTPError, TimeoutError):
        raise Conflict("The provider did not answer; try again.", code="not_sent") from None
    # One reaction for the whole business: that is how every provider counts.
    async with live.announced(ws, "entry", entry.id):
        entry, _ = await timeline.change(ws, entry, messages.reacting(member_id, member_name, emoji))
        await live.tell_entry(ws, entry)
    return entry
