"""
Corrections: other words for a message that has gone, or taking it away, where the channel lets us.

The provider is asked first and the timeline follows, so what agents see is what the customer sees. Asking twice does no
harm: a provider that has it already says so, or does it again.
"""

from collections.abc import Awaitable
from dataclasses import replace

import httpx

from app.core.addresses import Address
from app.core.errors import Conflict, Forbidden, Invalid
from app.core.runtime import Workspace
from channels import accounts, registry
from channels.content import Content, MediaMessage, Text
from channels.contract import ChannelAccount, Deletes, DeliveryStatus, Edits
from channels.errors import SendError
from inbox import contents, conversations, live, timeline
from inbox.timeline import Entry

_GONE = frozenset(s.value for s in (DeliveryStatus.SENT, DeliveryStatus.DELIVERED, DeliveryStatus.READ))


async def edit(ws: Workspace, entry: Entry, text: str) -> Entry:
    """
    The message with these words (of a file: this caption). Raises Conflict (the channel cannot, or the provider would
    not, with its words), Invalid (too long, or it has no words).
    """
    account, external_id = await _ours(ws, entry)
    adapter = registry.adapter(account.kind)
    capabilities = adapter.capabilities(account)
    if not capabilities.edit or not isinstance(adapter, Edits):
        raise Conflict("Messages that have gone cannot be changed on this channel.", code="cannot_edit")
    content = _with_words(entry, text, capabilities.max_text_chars, capabilities.max_caption_chars)
    if content.model_dump(exclude_none=True) == entry.content:
        return entry
    to, io = Address.parse(entry.address or ""), accounts.io(ws.runtime)
    await _asked(adapter.edit(io, account, to, external_id, content))
    stored, now = content.model_dump(exclude_none=True), ws.clock.now()
    return await _follow(ws, entry, replace(entry, content=stored, edited_at=now), contents.text_of(stored))


async def delete(ws: Workspace, entry: Entry) -> Entry:
    """The message, gone from the customer's screen. Raises Conflict (the channel cannot, or the provider would not)."""
    if entry.deleted_at:
        return entry
    account, external_id = await _ours(ws, entry)
    adapter = registry.adapter(account.kind)
    if not adapter.capabilities(account).delete or not isinstance(adapter, Deletes):
        raise Conflict("Messages that have gone cannot be taken back on this channel.", code="cannot_delete")
    await _asked(adapter.delete(accounts.io(ws.runtime), account, Address.parse(entry.address or ""), external_id))
    return await _follow(ws, entry, replace(entry, deleted_at=ws.clock.now()), "Deleted message")


def may_correct(entry: Entry, actor_id: str, *, manages: bool) -> None:
    """One's own words; who manages the inbox may correct those of others. Raises Forbidden."""
    if entry.author.id != actor_id and not manages:
        raise Forbidden("Only who wrote this message, or a supervisor, can change it.")


async def _ours(ws: Workspace, entry: Entry) -> tuple[ChannelAccount, str]:
    """Whose account it went out on, and the provider's id of it."""
    if entry.direction != "out" or entry.status not in _GONE or entry.deleted_at or not entry.external_ids:
        raise Conflict("Only a message of ours that has reached the provider can be changed.", code="not_sent")
    return await accounts.get(ws.runtime, entry.account_id or ""), entry.external_ids[0].partition(":")[2]


def _with_words(entry: Entry, text: str, most: int, most_of_caption: int) -> Content:
    content = contents.parsed(entry.content or {})
    if isinstance(content, Text):
        if not text.strip():
            raise Invalid.field("text", "Write something, or delete the message.")
        if len(text) > most:
            raise Invalid.field("text", f"A message here has at most {most} characters.")
        return Text(text=text)
    if isinstance(content, MediaMessage) and content.caption is not None:
        if len(text) > most_of_caption:
            raise Invalid.field("text", f"A caption here has at most {most_of_caption} characters.")
        return content.model_copy(update={"caption": text})
    raise Invalid.field("text", "This message has no words that could be changed.")


async def _asked(call: Awaitable[None]) -> None:
    try:
        await call
    except SendError as error:
        raise Conflict(error.message, code=error.code) from None
    except (httpx.HTTPError, TimeoutError):
        raise Conflict("The provider did not answer; try again.", code="not_sent") from None


async def _follow(ws: Workspace, entry: Entry, wanted: Entry, line: str) -> Entry:
    """The timeline and the list's line say what the customer now sees."""

    def how(now: Entry) -> Entry:
        # Of other words, neither a translation nor the words they were translated from are any more.
        about = replace(now, translations={}, written=None) if wanted.content != now.content else now
        return replace(about, content=wanted.content, edited_at=wanted.edited_at, deleted_at=wanted.deleted_at)

    async with live.announced(ws, "entry", wanted.id):
        entry, _ = await timeline.change(ws, entry, how)
        conversation = await conversations.get(ws, entry.conversation_id)
        summary = conversations.summary_of(entry, line)
        conversation, _ = await conversations.change(ws, conversation, conversations.summary_shown(summary))
        await live.tell_entry(ws, entry, conversation)
    return entry
