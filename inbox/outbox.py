"""
The outbox: `enqueue` is the only way anything is sent.

A message is an entry of the timeline with a work mark; it is stored before anything else happens, after consent, the
reply window and the channel's abilities were asked. Delivery asks consent and window again at the moment of sending.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from app.core import addresses, ids
from app.core.addresses import Address
from app.core.errors import Conflict, ContactMerged, Invalid, NewerMessages, ReplyWindowClosed
from app.core.queue import Lane
from app.core.runtime import Workspace
from channels import accounts, registry
from channels.content import Content, Media, MediaMessage, Template, Text, preview
from channels.contract import Capabilities, ChannelAccount, DeliveryStatus, KnowsRegistration, Purpose
from crm import consent, contacts, gate, pacing
from inbox import contents, conversations, files, fitting, footers, handles, live, present, templates, timeline
from inbox.answering import notifications
from inbox.closing import closing
from inbox.conversations import Conversation
from inbox.help import listening
from inbox.mailings import placing
from inbox.splitting import split_text
from inbox.store import entries as entry_rows
from inbox.store import tickets
from inbox.timeline import Author, Entry, Mention, Quote, Written

# Of the messages that a draft did not know, at most so many are shown.
_MOST_NEWER = 20
# Merging takes less than a second; one that stands still is taken up after a few.
_MERGE_SECONDS, _MERGE_TRIES = 0.2, 75
# So much of a message is looked through for links to articles.
_MOST_READ_CHARS = 4_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """
    What somebody wants to send. `client_id` makes it safe to ask twice: the same one gives back the same entries.

    `account_id` and `address` say how; None takes the conversation's default. `seen` is the number of the newest entry
    that the writer had before their eyes; None is somebody who does not look (a program). For `undo_seconds` the
    message stays here, so that its author can take it back (undo.py).
    """

    content: Content
    author: Author
    client_id: str
    purpose: Purpose = Purpose.SERVICE
    # What marketing is about, of the workspace's topics.
    topic: str = ""
    account_id: str | None = None
    address: str | None = None
    reply_to_entry_id: str | None = None
    seen: int | None = None
    undo_seconds: int = 0
    # What its author wrote, where the content is a translation of it.
    written: Written | None = None


async def enqueue(ws: Workspace, conversation: Conversation, draft: Draft) -> list[Entry]:
    """
    Store the message (long text in parts) and hand it to delivery; the entries, in order.

    Raises OptedOut, LeftOut, ReplyWindowClosed, NewerMessages, Conflict (account switched off, nobody to answer),
    ContactMerged, Invalid (the channel cannot).
    """
    way = await admit(ws, conversation, draft)
    draft = replace(draft, purpose=way.purpose)
    pieces = parts(way.content, way.capabilities)
    idle_after = await closing.idle_after(ws, conversation, way.account.kind)
    by_all = (await closing.settings_of(ws)).read_when_answered
    entries: list[Entry] = []
    delay = draft.undo_seconds
    for number, part in enumerate(pieces):
        conversation, entry, new = await _stored(ws, conversation, draft, way, part, number)
        # It is stored, so it may go: nobody waits for what the conversation has to know of it.
        await ws.queue.enqueue("deliver", ws.id, conversation.contact_id, lane=Lane.REPLIES, delay_seconds=delay)
        if new:
            await listening.count_links(ws, preview(part, _MOST_READ_CHARS))
        if new or conversation.last_number < entry.number:
            summary = conversations.summary_of(entry, preview(part))
            if number == 0:
                await notifications.of_entry(ws, conversation, entry, summary.text)
            how = conversations.sent(entry, summary, idle_after=idle_after, read_when_answered=by_all)
            # Whoever merges it just now takes the message along: it is stored, and goes.
            with suppress(ContactMerged):
                conversation, _ = await conversations.change(ws, conversation, how)
        entries.append(entry)
    # Delivery tells of the entries again, and never of what they have changed in the conversation.
    events = [await live.entry_event(ws, entry, conversation) for entry in entries]
    await live.publish_or_owe(ws, "conversation", conversation.id, *events)
    return entries


async def _stored(
    ws: Workspace, conversation: Conversation, draft: Draft, way: Admitted, part: Content, number: int
) -> tuple[Conversation, Entry, bool]:
    """
    The message on the timeline, whose that is, and whether it is new. Where the contact is merged, or parted, at this
    moment, what nobody looks at (`seen` is None) waits and goes to whoever has the address then.

    Raises ContactMerged for those who look, and where a merge stands still; NotFound when they were erased.
    """
    guard = _stale(draft) if number == 0 else None
    for _ in range(_MERGE_TRIES):
        if (known := await _before_it_was_merged(ws, conversation, draft, number)) is not None:
            return conversation, known, False
        entry = _entry(ws, conversation, draft, way, part, number)
        entry = replace(entry, window_until=way.closes, reply_to=way.quote if number == 0 else None)
        try:
            return conversation, *await timeline.append(ws, entry, after=conversation.last_number, guard=guard)
        except ContactMerged:
            if draft.seen is not None:
                raise
        # Of somebody who was erased nobody has the address any more.
        await contacts.get(ws, conversation.contact_id)
        await asyncio.sleep(_MERGE_SECONDS)
        conversation = await _whose_it_is(ws, way.address) or conversation
    raise ContactMerged("This contact is being merged with another; it takes longer than expected.")


async def _whose_it_is(ws: Workspace, address: Address) -> Conversation | None:
    """The conversation of whoever has this address, once they stand for themselves; None until then."""
    owner = await contacts.known(ws, address)
    contact = (await contacts.get_many(ws, [owner.contact_id])).get(owner.contact_id) if owner else None
    if contact is None or contact.merged_into is not None or contact.merge_id is not None:
        return None
    return await conversations.find(ws, conversations.id_for(contact.id))


async def _before_it_was_merged(ws: Workspace, conversation: Conversation, draft: Draft, number: int) -> Entry | None:
    """The same message, if it was stored when the conversation was still another's."""
    wanted = [entry_id(each, draft.client_id, number) for each in conversation.absorbed]
    found = await entry_rows.get_many(ws, wanted) if wanted else []
    return found[0] if found else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """What the gate let through: how it goes, the content as it will be stored, and when its window closes."""

    account: ChannelAccount
    address: Address
    capabilities: Capabilities
    purpose: Purpose
    content: Content
    quote: Quote | None
    closes: datetime | None


async def admit(ws: Workspace, conversation: Conversation, draft: Draft, *, later: bool = False) -> Admitted:
    """
    Ask in this order: is the contact blocked, the route, the gate (see crm/gate.py), the reply window, what the channel
    can take. Nothing is stored.

    `later`: it goes at another time, so the window is told and not required. Raises as `enqueue` does.
    """
    _require_unblocked(conversation)
    account, address = await _route(ws, conversation, draft)
    capabilities = registry.adapter(account.kind).capabilities(account)
    purpose = await _purpose(ws, account, draft)
    if purpose is Purpose.MARKETING:
        # Caps count what mailings have sent.
        await placing.settle(ws, [conversation.contact_id])
        await pacing.require_topic(ws, draft.topic)
    await _may(ws, address, purpose.value, account.id, draft.topic)
    if later:
        hours = capabilities.window_hours
        closes = conversations.window(conversation, account.id, str(address), hours) if hours else None
    else:
        closes = _window(ws, conversation, account, address, capabilities, draft.content)
    content = await prepared(ws, account, draft.content, conversation.id)
    if not isinstance(content, Text):
        fitting.require(account, content)
    if purpose is Purpose.MARKETING:
        content = await footers.below(ws, account, address, conversation.contact_id, content)
    _registered(account, address, content)
    return Admitted(
        account=account,
        address=address,
        capabilities=capabilities,
        purpose=purpose,
        content=content,
        quote=await _quote(ws, conversation, draft.reply_to_entry_id, account),
        closes=closes,
    )


def _require_unblocked(conversation: Conversation) -> None:
    if conversation.blocked:
        raise Conflict("This contact is blocked; unblock them to write to them.", code="contact_blocked")


async def rehearse(ws: Workspace, conversation: Conversation, draft: Draft) -> tuple[Admitted, Sequence[Content]]:
    """
    What `enqueue` would send, part by part, through the same gate; nothing is stored. A closed window is told by
    `closes` and refuses nothing. Raises as `enqueue` does otherwise.
    """
    way = await admit(ws, conversation, draft, later=True)
    return way, parts(way.content, way.capabilities)


async def resend(ws: Workspace, entry: Entry) -> Entry:
    """
    Another try of a message that failed, was skipped, or whose outcome is unknown; asked for by a person.

    Raises Conflict if it is on its way or was delivered, or the contact is blocked, and what the gate raises.
    """
    if entry.direction != "out" or entry.status not in ("failed", "skipped", "unknown") or entry.content is None:
        raise Conflict("Only a message that failed can be sent again.")
    conversation = await conversations.get(ws, entry.conversation_id)
    _require_unblocked(conversation)
    account = await accounts.get(ws.runtime, entry.account_id or "")
    address = Address.parse(entry.address or "")
    purpose = entry.purpose or Purpose.SERVICE.value
    await _may(ws, address, purpose, account.id, entry.topic or "")
    capabilities = registry.adapter(account.kind).capabilities(account)
    content = contents.parsed(entry.content)
    closes = _window(ws, conversation, account, address, capabilities, content)

    def how(now: Entry) -> Entry:
        if now.status not in ("failed", "skipped", "unknown"):
            return now
        return replace(
            now,
            status=DeliveryStatus.QUEUED.value,
            status_times={"queued": ws.clock.now()},
            error=None,
            outbox_key=now.contact_id,
            due_at=None,
            attempts=0,
            claim=None,
            claimed_at=None,
            window_until=closes,
        )

    entry, _ = await timeline.change(ws, entry, how)
    await ws.queue.enqueue("deliver", ws.id, entry.contact_id, lane=Lane.REPLIES)
    with live.told_later(ws):
        await live.tell_entry(ws, entry)
    return entry


async def note(
    ws: Workspace,
    conversation: Conversation,
    author: Author,
    text: str,
    client_id: str,
    *,
    mentions: Sequence[Mention] = (),
    ticket_id: str | None = None,
) -> Entry:
    """
    A private note for colleagues, perhaps on a ticket; it goes nowhere. Those whom it mentions are told of it.

    Raises Invalid where it says nothing.
    """
    if not text.strip():
        raise Invalid.field("text", "Write something: this note is blank.")
    entry = Entry(
        id=ids.derived("ent", conversation.id, client_id, "note"),
        contact_id=conversation.contact_id,
        conversation_id=conversation.id,
        at=ws.clock.now(),
        created_at=ws.clock.now(),
        kind="note",
        author=author,
        content=Text(text=text).model_dump(),
        client_id=client_id,
        mentions=tuple(mentions),
        ticket_id=ticket_id,
    )
    async with live.announced(ws, "entry", entry.id):
        entry, _ = await timeline.append(ws, entry, after=conversation.last_number)
        summary = conversations.summary_of(entry, preview(Text(text=text)))
        await notifications.of_entry(ws, conversation, entry, summary.text)
        conversation, _ = await conversations.change(ws, conversation, conversations.sent(entry, summary))
        await live.tell_entry(ws, entry, conversation)
    return entry


def entry_id(conversation_id: str, client_id: str, number: int = 0) -> str:
    """The id of the entry that a draft with this `client_id` makes, or of a further part of it."""
    return ids.derived("ent", conversation_id, client_id, str(number))


def _entry(
    ws: Workspace,
    conversation: Conversation,
    draft: Draft,
    way: Admitted,
    part: Content,
    number: int,
) -> Entry:
    now = ws.clock.now()
    until = now + timedelta(seconds=draft.undo_seconds) if draft.undo_seconds else None
    return Entry(
        id=entry_id(conversation.id, draft.client_id, number),
        contact_id=conversation.contact_id,
        conversation_id=conversation.id,
        at=now,
        created_at=now,
        kind="message",
        direction="out",
        channel=way.account.kind,
        account_id=way.account.id,
        address=str(way.address),
        author=draft.author,
        content=part.model_dump(exclude_none=True),
        purpose=draft.purpose.value,
        topic=(draft.topic or None) if draft.purpose is Purpose.MARKETING else None,
        status=DeliveryStatus.QUEUED.value,
        status_times={"queued": now},
        client_id=draft.client_id if number == 0 else f"{draft.client_id}/{number}",
        written=draft.written if number == 0 else None,
        outbox_key=conversation.contact_id,
        due_at=until,
        undo_until=until,
    )


async def _may(ws: Workspace, address: Address, purpose: str, account_id: str, topic: str) -> None:
    """Raises what the gate raises; a message that has to wait for another hour is taken, and waits when it is due."""
    asked = gate.Asked(address=address, purpose=purpose, sender=account_id, topic=topic)
    await gate.ask(ws, asked, complaints=partial(tickets.with_open, ws))


async def _route(ws: Workspace, conversation: Conversation, draft: Draft) -> tuple[ChannelAccount, Address]:
    """Which account sends to which address. Only addresses of this contact are taken."""
    reach = next(
        (
            r
            for r in conversation.reach
            if draft.address in (None, r.address) and draft.account_id in (None, r.account_id)
        ),
        None,
    )
    if reach is None and draft.address and draft.account_id:
        # A handle of the contact on which they have not written to this account: possible with a template.
        await _belongs(ws, conversation, draft.address)
        account_id, address = draft.account_id, draft.address
    elif reach is None:
        raise Conflict("There is no channel on which this person can be answered.", code="no_channel")
    else:
        account_id, address = reach.account_id, reach.address
    row = await accounts.row_of(ws, account_id)
    if row.kind != Address.parse(address).kind:
        raise Invalid.field("address", "This address does not belong to the channel of that account.")
    if not row.enabled:
        raise Conflict("This channel account is switched off in the settings.", code="account_disabled")
    return accounts.channel_account(row), Address.parse(address)


def _stale(draft: Draft) -> timeline.Guard | None:
    """Refuses a draft if others have written since: its words may no longer be the right ones."""
    if draft.seen is None:
        return None

    def passes(newer: Sequence[Entry]) -> None:
        said = [entry for entry in newer if _changes_the_talk(entry, draft.author)]
        if said:
            shown = [present.entry(entry) for entry in said[-_MOST_NEWER:]]
            raise NewerMessages("Others have written since you began this message.", newer=shown)

    return timeline.Guard(draft.seen, passes)


async def require_newest(ws: Workspace, conversation: Conversation, draft: Draft) -> None:
    """The same of a draft that is not stored as a message now. Raises NewerMessages."""
    guard = _stale(draft)
    if guard is not None:
        first = max(guard.seen + 1, conversation.last_number - timeline.PAGE)
        guard.passes(await entry_rows.range_of(ws, conversation.contact_id, first, conversation.last_number))


def _changes_the_talk(entry: Entry, writer: Author) -> bool:
    """What the customer wrote, and what anybody else but a machine of ours answered."""
    if entry.kind != "message" or entry.deleted_at or entry.status == DeliveryStatus.CANCELLED.value:
        return False
    return entry.direction == "in" or (entry.author.type != "system" and entry.author.id != writer.id)


async def _purpose(ws: Workspace, account: ChannelAccount, draft: Draft) -> Purpose:
    """An approved text says itself what it is for: advertising stays advertising, whoever sends it and why."""
    if isinstance(draft.content, Template) and await templates.advertises(ws, account, draft.content):
        return Purpose.MARKETING
    return draft.purpose


async def _belongs(ws: Workspace, conversation: Conversation, address: str) -> None:
    known = await consent.require(ws, Address.parse(address), Purpose.SERVICE.value)
    if known.contact_id != conversation.contact_id:
        raise Invalid.field("address", "This address belongs to somebody else.")


def _window(
    ws: Workspace,
    conversation: Conversation,
    account: ChannelAccount,
    address: Address,
    capabilities: Capabilities,
    content: Content,
) -> datetime | None:
    """When the reply window closes, if this content needs it open. Raises ReplyWindowClosed."""
    if capabilities.window_hours is None or isinstance(content, Template):
        return None
    closes = conversations.window(conversation, account.id, str(address), capabilities.window_hours)
    if closes is None or closes <= ws.clock.now():
        raise ReplyWindowClosed(
            f"More than {capabilities.window_hours} hours have passed since this person last wrote here: "
            "only an approved template can be sent until they answer."
        )
    return closes


async def prepared(
    ws: Workspace, account: ChannelAccount, content: Content, conversation_id: str | None = None
) -> Content:
    """Checks what the channel can take, and fills in what the server knows. Raises Invalid."""
    capabilities = registry.adapter(account.kind).capabilities(account)
    if isinstance(content, Text) and not content.text.strip():
        raise Invalid.field("content.text", "Write something: this message is blank.")
    if isinstance(content, MediaMessage):
        file = await _file_for(ws, content.media.file_id or "", conversation_id)
        media = files.as_media(file, voice=content.media.kind == "voice")
        # How long a recording is only its recorder knows without decoding it.
        media = media.model_copy(update={"duration_seconds": content.media.duration_seconds})
        _check_media(media, capabilities)
        content = content.model_copy(update={"media": media})
        fitting.refuse(fitting.misfits(content, capabilities))
        return content
    if isinstance(content, Template):
        if not capabilities.templates:
            raise Invalid.field("content", "This channel has no templates.")
        found = {each: await _file_for(ws, each, conversation_id) for each in handles.named(content)}
        ready = await templates.filled(ws, account, content)
        for kind, file_id in templates.files_of(ready):
            media = files.as_media(found[file_id], voice=False).model_copy(update={"kind": kind})
            _check_media(media, capabilities, "content.parameters")
        return ready
    if content.type == "location" and not capabilities.location:
        raise Invalid.field("content", "This channel cannot send a location.")
    if content.type == "contacts" and not capabilities.contacts:
        raise Invalid.field("content", "This channel cannot send contact cards.")
    if content.type in ("buttons", "list") and capabilities.buttons == "none":
        raise Invalid.field("content", "This channel has no buttons.")
    if content.type in ("choice", "order", "form_reply", "unsupported"):
        raise Invalid.field("content", "Only a customer can send this.")
    fitting.refuse(fitting.misfits(content, capabilities))
    return content


def _registered(account: ChannelAccount, address: Address, content: Content) -> None:
    """Raises Conflict where carriers are known not to take this from this sender."""
    adapter = registry.adapter(account.kind)
    if isinstance(adapter, KnowsRegistration):
        found = adapter.unregistered(account, addresses.country_of(address), content)
        if found is not None:
            raise Conflict(found.words, code=found.code)


async def _file_for(ws: Workspace, file_id: str, conversation_id: str | None) -> files.StoredFile:
    file = await files.get(ws, file_id)
    if conversation_id and file.conversation_ids and conversation_id not in file.conversation_ids:
        # Forwarded: who sees this conversation sees it from now on.
        await files.put_in(ws, file.id, conversation_id)
    return file


def _check_media(media: Media, capabilities: Capabilities, field: str = "content.media") -> None:
    limits = capabilities.media.get(media.kind)
    if limits is None:
        raise Invalid.field(field, f"This channel cannot send this kind of file ({media.kind}).")
    if (media.bytes or 0) > limits.max_bytes:
        most = f"{limits.max_bytes / 1_000_000:.1f}".removesuffix(".0")
        raise Invalid.field(field, f"This file is larger than the {most} MB that this channel takes.")
    if limits.mimes and media.mime not in limits.mimes:
        raise Invalid.field(field, f"This channel does not take {media.mime} as {media.kind}.")


async def _quote(
    ws: Workspace, conversation: Conversation, entry_id: str | None, account: ChannelAccount
) -> Quote | None:
    """Of a message that both sides can read; a note is ours alone, also in a quote. Raises NotFound, Invalid."""
    if entry_id is None:
        return None
    quoted = await timeline.get(ws, entry_id)
    if quoted.kind != "message" or quoted.deleted_at:
        raise Invalid.field("reply_to_entry_id", "Only a message that is still there can be quoted.")
    elsewhere = quoted.contact_id != conversation.contact_id
    if elsewhere and (await conversations.get(ws, quoted.conversation_id)).id != conversation.id:
        raise Invalid.field("reply_to_entry_id", "This message belongs to another conversation.")
    external_id = quoted.external_id
    if external_id is None and quoted.external_ids:
        external_id = quoted.external_ids[0].partition(":")[2]
    # Another account's provider does not know it: colleagues see what was meant, the customer reads no quote.
    return contents.quote_of(quoted, external_id if quoted.account_id == account.id else None)


def parts(content: Content, capabilities: Capabilities) -> Sequence[Content]:
    """Text longer than the channel takes goes in several messages; nothing is ever cut off."""
    if isinstance(content, Text) and len(content.text) > capabilities.max_text_chars:
        return [Text(text=part) for part in split_text(content.text, capabilities.max_text_chars)]
    return [content]
