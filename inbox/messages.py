"""
What an inbound event does to contact, consent, conversation and timeline. Every step may run twice: the entry's id
derives from the provider's, and a conversation takes the same message in once.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from types import ModuleType
from typing import Any

from app.core import clock, ids
from app.core.addresses import Address
from app.core.errors import ContactMerged
from app.core.mongo import Document
from app.core.platform import accounts as account_rows
from app.core.platform import work
from app.core.platform.work import MediaRow
from app.core.queue import Lane
from app.core.runtime import Workspace
from channels import registry
from channels.content import Choice, Content, FormReply, MediaMessage, Text, preview
from channels.contract import (
    AccountNotice,
    AddressChanged,
    ChannelAccount,
    ConsentChanged,
    InboundEvent,
    InboundMessage,
    MessageDeleted,
    MessageEdited,
    Purpose,
    Reaction,
    Sender,
    TemplateChanged,
    TypingStarted,
)
from crm import consent, contacts, duplicates, keywords, merging, standing, wishes
from crm.contacts import ContactAddress, Profile
from crm.keywords import Keyword
from crm.standing import BUSINESS, PURPOSES
from crm.store import contacts as contact_rows
from inbox import consents, contents, conversations, doubts, events, files, live, menus, template_alarms, timeline
from inbox.answering import notifications, proofs
from inbox.closing import closing, surveys
from inbox.conversations import Conversation, How
from inbox.finding import search
from inbox.mailings import mailings, placing
from inbox.mailings.mailing import Ref
from inbox.routing.waiting import Feed
from inbox.store import conversations as conversation_store
from inbox.store.entries import external_key, inbound_id
from inbox.timeline import Author, Campaign, Entry, Quote, Reacted
from inbox.translating import translations

STARTED = "Started the chat"
MARKETING = (Purpose.MARKETING.value,)
# Whose a reaction is that is not a member's.
CUSTOMER = "contact"
# Whose an address was the last time in this process (workspace, address → contact), where it is not by the rule.
_whose: dict[tuple[str, str], str] = {}
_MOST_KNOWN = 20_000
# An answer is one to the last mailing's message for so long.
ANSWERS_WITHIN = timedelta(days=3)
_LOOK_BACK = 20
# Seconds to wait for a merge that has begun on somebody who writes this very moment.
_WHILE_MERGED = (0.05, 0.1, 0.2, 0.4, 0.8)


@dataclass(frozen=True, slots=True)
class Ahead:
    """
    What is stored of a sender's handles, and their conversation: read under the same lease as their event, and with it
    where it can be guessed whose that is.
    """

    handles: tuple[Address, ...]
    known: Sequence[ContactAddress]
    conversation: Conversation | None


def wanted_ahead(ws: Workspace, sender: Sender) -> dict[str, list[str]]:
    """By collection the rows that this sender's next message will ask for."""
    handles = [contact_rows.address_id(ws, handle) for handle in _handles(sender)]
    return {"addresses": handles, "conversations": [_probably(ws, sender.address)]}


def ahead_of(ws: Workspace, sender: Sender, rows: Mapping[str, Sequence[Document]]) -> Ahead:
    """Of those rows."""
    known = contact_rows.addresses_of_rows(ws, rows["addresses"])
    return Ahead(_handles(sender), known, next(iter(conversation_store.of_rows(ws, rows["conversations"])), None))


async def _look_ahead(ws: Workspace, sender: Sender) -> Ahead:
    """The same, asked for now."""
    handles = _handles(sender)
    reading = conversation_store.get(ws, _probably(ws, sender.address))
    known, conversation = await asyncio.gather(contacts.all_known(ws, handles), reading)
    return Ahead(handles, known, conversation)


def _handles(sender: Sender) -> tuple[Address, ...]:
    return (sender.address, *sender.aliases)


class MessageMissing(Exception):
    """An event is about a message that is not here: it comes later, or was there before this account was connected."""


async def handle(
    ws: Workspace,
    account: ChannelAccount,
    event: InboundEvent,
    *,
    raw_id: str,
    received_at: datetime,
    ahead: Ahead | None = None,
) -> Conversation | None:
    """
    Do what the event says; the conversation in which the customer has written, if that is what happened.

    Raises MessageMissing if it is about a message that is not here, and whatever else keeps it from being done; the
    caller tries again. A contact that is just being merged is waited for:
    every step may run twice.
    """
    if (at := clock.not_ahead(event.at, received_at)) != event.at:
        event = replace(event, at=at)
    for pause in _WHILE_MERGED:
        with suppress(ContactMerged):
            return await _handle(ws, account, event, raw_id, received_at, ahead)
        ahead = None
        await asyncio.sleep(pause)
        await _bring_home(ws, event)
    return await _handle(ws, account, event, raw_id, received_at, None)


async def _bring_home(ws: Workspace, event: InboundEvent) -> None:
    """A handle may have been linked to a contact in the moment in which that became a part of another."""
    handle = await contacts.known(ws, event.sender.address) if isinstance(event, InboundMessage) else None
    if handle is not None:
        await merging.bring_home(ws, handle)


async def _handle(
    ws: Workspace,
    account: ChannelAccount,
    event: InboundEvent,
    raw_id: str,
    received_at: datetime,
    ahead: Ahead | None,
) -> Conversation | None:
    match event:
        case InboundMessage(echo=True):
            await _echoed(ws, account, event, raw_id, received_at)
        case InboundMessage():
            return await _received(ws, account, event, raw_id, received_at, ahead)
        case MessageEdited():
            await _edited(ws, account, event, raw_id, received_at)
        case MessageDeleted():
            await _deleted(ws, account, event, received_at)
        case Reaction():
            await _reacted(ws, account, event, received_at)
        case ConsentChanged():
            await _consent_changed(ws, account, event, raw_id)
        case AddressChanged():
            await _address_changed(ws, account, event, raw_id)
        case TemplateChanged():
            await template_alarms.changed(ws, account, event)
            await ws.queue.enqueue("sync_templates", account.id, lane=Lane.BACKGROUND, job_id=f"templates:{account.id}")
        case AccountNotice():
            await _notice(ws, account, event)
        case _:
            ws.log.info("inbound_ignored", kind=type(event).__name__)
    return None


# --- messages -----------------------------------------------------------------------------------------------------


async def _received(
    ws: Workspace,
    account: ChannelAccount,
    event: InboundMessage,
    raw_id: str,
    received_at: datetime,
    ahead: Ahead | None = None,
) -> Conversation:
    met = await proofs.meet(ws, account, event)
    if ahead is None or met or ahead.handles != _handles(event.sender):
        ahead = await _look_ahead(ws, event.sender)
    early = ahead.conversation
    sender = await _resolve(ws, event.sender, ahead.known)
    await contacts.heard_from(ws, sender)
    name = event.sender.name or event.sender.username
    if early is not None and early.contact_id == sender.contact_id and early.merged_into is None:
        conversation = early
    else:
        conversation = await conversations.for_contact(ws, sender.contact_id, name=name or str(sender.address.value))
        _note_whose(ws, event.sender.address, sender.contact_id)
    await _require_theirs(ws, conversation, sender)
    entry_id = inbound_id(account.id, event.external_id)
    sender = await doubts.heard(ws, sender, conversation, event.at if event.timed else received_at, entry_id)
    if conversation.revision == 0:
        # The contact may be known from elsewhere, under the name a colleague gave.
        contact = await contacts.get(ws, conversation.contact_id)
        conversation = replace(conversation, contact_name=contact.name)
    elif name and name != conversation.contact_name and await contacts.learn_name(ws, conversation.contact_id, name):
        conversation, _ = await conversations.change(
            ws, conversation, lambda now: replace(now, contact_name=name) if now.contact_name != name else now
        )
    content = await menus.chosen(ws, account, conversation, event.content)
    entry = Entry(
        id=entry_id,
        contact_id=conversation.contact_id,
        conversation_id=conversation.id,
        at=event.at if event.timed else received_at,
        created_at=ws.clock.now(),
        kind="event" if event.started else "message",
        direction=None if event.started else "in",
        channel=account.kind,
        account_id=account.id,
        address=str(event.sender.address),
        author=Author("contact", conversation.contact_id, conversation.contact_name),
        content=None if event.started else content.model_dump(exclude_none=True),
        event={"name": "chat_started"} if event.started else None,
        reply_to=await _quote(ws, account, event.reply_to) if event.reply_to else None,
        external_id=event.external_id,
        referral=asdict(event.referral) if event.referral else None,
        forwarded=event.forwarded,
        group_id=event.group_id,
        raw_id=raw_id,
    )
    if await placing.settle(ws, [conversation.contact_id]) and conversation.revision:
        # What a mailing sent them stands on the thread now.
        conversation = await conversations.get(ws, conversation.id)
    if event.timed and conversations.heard_since(conversation, account.id, event.at):
        late = await timeline.place_of_late(ws, conversation.contact_id, event.at, conversation.last_number)
        entry = replace(entry, order_at=late)
    text = STARTED if event.started else preview(content)
    hours = registry.adapter(account.kind).capabilities(account).window_hours

    def received(stored: Entry, **more: Any) -> How:
        return conversations.received(stored, conversations.summary_of(stored, text), window_hours=hours, **more)

    before, feed = conversation, await _feed(ws, account)
    answer: surveys.Answer | None = None
    campaign: Campaign | None = None
    thanked = begins = False
    both: tuple[Entry, Conversation] | None = None
    if _is_ordinary(conversation, event):
        await notifications.of_entry(ws, conversation, entry, text)
        both = await conversations.with_entry(ws, conversation, entry, partial(received, feed=feed))
    if both is not None:
        entry, conversation = both
    else:
        entry, _ = await timeline.append(ws, entry, after=conversation.last_number)
        # Whoever was parted meanwhile gets it from where it is stored now.
        await _require_theirs(ws, conversation, sender)
        if not event.started:
            await notifications.of_entry(ws, conversation, entry, text)
        answer = surveys.answer_in(conversation, content, entry)
        thanked = answer is None and await closing.keeps_closed(ws, conversation, content)
        reopens = answer is None and not thanked and not surveys.late(content)
        campaign = None if event.started else await _answered_campaign(ws, conversation, entry)
        begins = conversation.revision == 0 or (conversation.state == "closed" and reopens)
        taken_in = partial(received, entry, reopens=reopens, campaign=campaign)
        if begins and not conversation.blocked:
            feed = await _route_rules().feed(ws, taken_in()(conversation), entry, feed)
        conversation, _ = await conversations.change(ws, conversation, taken_in(feed=feed))
    if begins and feed is not None and feed.rule is not None:
        await _note_route(ws, conversation, feed, entry)
    if before.state == "snoozed" and conversation.state == "open":
        woken = {"name": "conversation_woken", "reason": "customer"}
        await events.note(
            ws, conversation.contact_id, key=f"conversation_woken/{entry.id}", event=woken, at=entry.created_at
        )
    await doubts.tell(ws, sender, entry.id)
    if before.revision == 0 or isinstance(content, FormReply):
        # Somebody new, or somebody who has told more of themselves.
        await duplicates.look_later(ws, conversation.contact_id)
    if before.revision == 0 and not conversation.blocked:
        await surveys.after_first_contact(ws, conversation.contact_id, entry.created_at)
    if answer is not None:
        await surveys.take(ws, conversation, answer, entry)
    if thanked and conversation.state == "closed":
        # From this line one click opens it.
        kept = {"name": "conversation_kept_closed", "said": contents.text_of(entry.content)[:60]}
        await events.note(
            ws, conversation.contact_id, key=f"conversation_kept/{entry.id}", event=kept, at=entry.created_at
        )
    await _want_media(ws, entry, event.content)
    if await _obey_keyword(ws, account, sender, event, entry) and campaign is not None:
        await mailings.opted_out(ws, campaign.ref, entry.at)
    elif campaign is not None:
        await _agree_again(ws, sender, event, entry, campaign)
    if event.acknowledge is not None:
        await ws.queue.enqueue("acknowledge", account.id, event.acknowledge, lane=Lane.REPLIES)
    await live.tell_entry(ws, entry, conversation)
    await translations.arrived(ws, conversation, entry)
    return conversation


def _is_ordinary(conversation: Conversation, event: InboundMessage) -> bool:
    """
    Whether a message only goes on with what is being talked about: nothing has to be found out or done between storing
    it and taking it in, and so both are written in one go.
    """
    return (
        conversation.revision > 0
        and conversation.state != "closed"
        and not event.started
        and not conversation.woven
        and conversation.asked is None
        and conversation.campaign is None
    )


async def _answered_campaign(ws: Workspace, conversation: Conversation, entry: Entry) -> Campaign | None:
    """The mailing whose message they answer: the last that they got, if that was within some days."""
    campaign = conversation.campaign
    if conversation.revision == 0 and entry.number > 1:
        # Nobody has talked with them before; what a mailing sent stands before their first message.
        before = await timeline.page_before(ws, conversation.contact_id, entry.number, limit=_LOOK_BACK)
        campaign = next((each.campaign for each in reversed(before) if each.campaign), None)
    if campaign is None or entry.at - campaign.at > ANSWERS_WITHIN:
        return None
    if not campaign.replied:
        await mailings.replied(ws, campaign.ref, entry.at)
    return replace(campaign, replied=True)


def _route_rules() -> ModuleType:
    """Rules know of teams and of where these are used, and so stand above the messages that they sort."""
    from inbox.routing import route_rules

    return route_rules


async def _note_route(ws: Workspace, conversation: Conversation, feed: Feed, entry: Entry) -> None:
    said = {"rule": feed.rule, "team_name": feed.team_name, "priority": feed.priority, "skills": list(feed.skills)}
    routed = {"name": "conversation_sorted", **{name: value for name, value in said.items() if value}}
    await events.note(
        ws, conversation.contact_id, key=f"conversation_sorted/{entry.id}", event=routed, at=entry.created_at
    )


async def _feed(ws: Workspace, account: ChannelAccount) -> Feed | None:
    """The team that gets what is written on this account, from memory."""
    row = await ws.runtime.accounts.get(account.id)
    return Feed(row.team_id, row.routed) if row.team_id else None


async def _echoed(
    ws: Workspace, account: ChannelAccount, event: InboundMessage, raw_id: str, received_at: datetime
) -> None:
    """
    The business wrote in the provider's own app, or its site said something by itself: shown as ours, and it wakes no
    rule. What a site has said to somebody new makes no conversation; their answer does.
    """
    sender = await _resolve(ws, event.sender)
    contact = await contacts.get(ws, sender.contact_id)
    conversation = await conversations.for_contact(ws, contact.id, name=contact.name)
    await _require_theirs(ws, conversation, sender)
    entry = Entry(
        id=inbound_id(account.id, event.external_id),
        contact_id=contact.id,
        conversation_id=conversation.id,
        at=event.at if event.timed else received_at,
        created_at=ws.clock.now(),
        kind="message",
        direction="out",
        channel=account.kind,
        account_id=account.id,
        address=str(event.sender.address),
        author=Author("bot", account.id, event.by) if event.by else Author("phone_app", None, "Phone app"),
        content=event.content.model_dump(exclude_none=True),
        purpose=Purpose.SERVICE.value,
        status="sent",
        status_times={"sent": event.at if event.timed else received_at},
        external_ids=(external_key(account.id, event.external_id),),
        referral=asdict(event.referral) if event.referral else None,
        raw_id=raw_id,
    )
    entry, _ = await timeline.append(ws, entry, after=conversation.last_number)
    if event.by and conversation.revision == 0:
        await live.tell_entry(ws, entry)
        return
    summary = conversations.summary_of(entry, preview(event.content))
    conversation, _ = await conversations.change(ws, conversation, conversations.sent(entry, summary))
    await _want_media(ws, entry, event.content)
    await live.tell_entry(ws, entry, conversation)


async def _resolve(ws: Workspace, sender: Sender, known: Sequence[ContactAddress] | None = None) -> ContactAddress:
    profile = Profile(name=sender.name, username=sender.username, language=sender.language, verified=sender.verified)
    return await contacts.resolve(ws, sender.address, aliases=sender.aliases, profile=profile, stored=known)


def _probably(ws: Workspace, address: Address) -> str:
    """
    The id of the conversation of the contact whose the address was the last time here or, as far as we know, would be:
    read with the address, which saves a round trip where the guess is right. Nothing rests on it.
    """
    return conversations.id_for(_whose.get((ws.id, str(address))) or contacts.id_for(ws, address))


def _note_whose(ws: Workspace, address: Address, contact_id: str) -> None:
    if len(_whose) >= _MOST_KNOWN:
        _whose.clear()
    if contact_id != contacts.id_for(ws, address):
        _whose[ws.id, str(address)] = contact_id
    else:
        _whose.pop((ws.id, str(address)), None)


async def _require_theirs(ws: Workspace, conversation: Conversation, sender: ContactAddress) -> None:
    """
    Looks at the address once more where contacts were merged or parted: it may have moved since it led here. What is
    found now was so after the conversation was read, so that a fence put since stands before the entry to be written.

    Raises ContactMerged.
    """
    known = await contacts.known(ws, sender.address) if conversation.woven else None
    if known is not None and known.contact_id != conversation.contact_id:
        raise ContactMerged("This address was given to another contact a moment ago.")


async def _quote(ws: Workspace, account: ChannelAccount, external_id: str) -> Quote:
    quoted = await timeline.by_external_id(ws, account.id, external_id)
    if quoted is None:
        return Quote(None, "", None, external_id)
    return contents.quote_of(quoted, external_id)


async def _want_media(ws: Workspace, entry: Entry, content: Content, *, media_id: str | None = None) -> None:
    """
    A file still at the provider is fetched by a job of its own, so that a slow download delays no message. `media_id`:
    of a job that is not the entry's first.
    """
    if not isinstance(content, MediaMessage):
        return
    if content.media.file_id:
        await files.put_in(ws, content.media.file_id, entry.conversation_id)
    elif content.media.state == "pending" and entry.account_id:
        row = MediaRow(
            id=media_id or entry.id,
            workspace_id=ws.id,
            account_id=entry.account_id,
            entry_id=entry.id,
            source=content.media.source or {},
            due_at=ws.clock.now(),
        )
        await work.add_media(ws.runtime, row)
        await ws.queue.enqueue("fetch_media", row.id, lane=Lane.BACKGROUND, job_id=f"media:{row.id}")


# --- edits, deletions, reactions ----------------------------------------------------------------------------------


async def _edited(
    ws: Workspace, account: ChannelAccount, event: MessageEdited, raw_id: str, received_at: datetime
) -> None:
    entry = await timeline.by_external_id(ws, account.id, event.external_id)
    if entry is None or entry.raw_id == raw_id:
        # The original never came (or comes later, and changes nothing): show at least what it says now. Also when this
        # very event made the entry: we may have died before the conversation knew of it.
        await _late_original(ws, account, event, raw_id, received_at)
        return
    at = event.at if event.timed else received_at

    def how(now: Entry) -> Entry:
        # Providers count in seconds: of two edits in the same one, the later to come is the newer.
        if now.deleted_at or (now.edited_at and now.edited_at > at):
            return now
        return replace(now, content=_said_now(now, event.content), edited_at=at, translations={})

    entry, conversation = await _change_and_tell(ws, entry, how)
    await _want_other_media(ws, entry, event.content, raw_id)
    if entry.direction == "in" and entry.edited_at == at:
        # A stop is one in whichever way it was written.
        await _obey_keyword(ws, account, await _resolve(ws, event.sender), event, replace(entry, at=at))
    await search.reindex(ws, entry)
    await translations.arrived(ws, conversation, entry)


def _said_now(entry: Entry, content: Content) -> dict[str, Any]:
    """The edited content. Mostly it has other words with the same file, which is here already."""
    said = content.model_dump(exclude_none=True)
    before = _file_in(entry)
    if isinstance(content, MediaMessage) and before and content.media.source in (None, before.get("source")):
        said["media"] = before
    return said


async def _want_other_media(ws: Workspace, entry: Entry, content: Content, raw_id: str) -> None:
    """If the edit has put another file in the place of the one that was, or is being, fetched."""
    if not isinstance(content, MediaMessage) or _file_in(entry).get("state") != "pending":
        return
    first = await work.media(ws.runtime, entry.id)
    if first is None or first.source != content.media.source:
        await _want_media(ws, entry, content, media_id=ids.derived("med", entry.id, raw_id))


def _file_in(entry: Entry) -> Mapping[str, Any]:
    content: Mapping[str, Any] = entry.content or {}
    file: Mapping[str, Any] = content.get("media", {})
    return file


async def _late_original(
    ws: Workspace, account: ChannelAccount, event: MessageEdited, raw_id: str, received_at: datetime
) -> None:
    message = InboundMessage(
        key=event.key,
        order_key=event.order_key,
        at=event.at,
        timed=event.timed,
        raw=event.raw,
        external_id=event.external_id,
        sender=event.sender,
        content=event.content,
        echo=event.echo,
    )
    await (_echoed if event.echo else _received)(ws, account, message, raw_id, received_at)


async def _deleted(ws: Workspace, account: ChannelAccount, event: MessageDeleted, received_at: datetime) -> None:
    entry = await timeline.by_external_id(ws, account.id, event.external_id)
    if entry is None:
        raise MessageMissing("a deletion")
    at = event.at if event.timed else received_at
    deleted, _ = await _change_and_tell(
        ws, entry, lambda now: now if now.deleted_at else replace(now, deleted_at=at, translations={})
    )
    await search.reindex(ws, deleted)


async def _reacted(ws: Workspace, account: ChannelAccount, event: Reaction, received_at: datetime) -> None:
    entry = await timeline.by_external_id(ws, account.id, event.external_id)
    if entry is None:
        raise MessageMissing("a reaction")
    at = event.at if event.timed else received_at
    await _change_and_tell(ws, entry, reacting(CUSTOMER, event.sender.name, event.emoji, at))


def reacting(by: str, name: str | None, emoji: str, at: datetime | None = None) -> Any:
    """
    The change that one party's reaction makes; empty takes it back. All of us are one party: that is how every provider
    counts, so a colleague's reaction takes the place of the one before. `at`: where the older one may be
    told of last.
    """

    def how(now: Entry) -> Entry:
        others = tuple(r for r in now.reactions if (r.by == CUSTOMER) != (by == CUSTOMER))
        if at and any(r.at and r.at > at for r in now.reactions if r not in others):
            return now
        reactions = (*others, Reacted(by, name, emoji, at)) if emoji or at else others
        return now if reactions == now.reactions else replace(now, reactions=reactions)

    return how


async def _change_and_tell(ws: Workspace, entry: Entry, how: Any) -> tuple[Entry, Conversation]:
    """Told also when nothing changed: the process may have died after the change and before the telling."""
    entry, _ = await timeline.change(ws, entry, how)
    conversation = await conversations.get(ws, entry.conversation_id)
    text = "Deleted message" if entry.deleted_at else contents.text_of(entry.content)
    summary = conversations.summary_of(entry, text)
    conversation, _ = await conversations.change(ws, conversation, conversations.summary_shown(summary))
    await live.tell_entry(ws, entry, conversation)
    return entry, conversation


# --- consent ------------------------------------------------------------------------------------------------------


def asked_in(account: ChannelAccount, content: Content) -> str:
    """
    The words that may ask for something. A button of ours says by its payload or its label that it stops messages; in
    all else it means what its message is about.
    """
    if isinstance(content, Choice):
        words = (content.id, content.title)
        stops = (w for w in words if keyword_at(account, w) is Keyword.STOP and not keywords.ends_other_things(w))
        return next(stops, content.title if wishes.not_interested(content.title) else "")
    if isinstance(content, MediaMessage):
        return content.caption or ""
    return content.text if isinstance(content, Text) else ""


def keyword_at(account: ChannelAccount, text: str) -> Keyword | None:
    """What the text asks for, in the law's words or in those that the account's owner added."""
    own = (str(account.config.get(name) or "") for name in ("stop_words", "start_words"))
    return keywords.keyword(text, keywords.own_words(*own))


async def _obey_keyword(
    ws: Workspace, account: ChannelAccount, sender: ContactAddress, event: InboundMessage | MessageEdited, entry: Entry
) -> bool:
    """Whether they have asked us to stop."""
    text = asked_in(account, event.content)
    if not text:
        return False
    capabilities = registry.adapter(account.kind).capabilities(account)
    purposes = PURPOSES if capabilities.stop_ends == "all" else MARKETING
    said = consents.Told(
        at_address=sender,
        purposes=purposes,
        state="withdrawn",
        source=standing.KEYWORD,
        evidence=entry.id,
        at=entry.at,
        wording=text,
    )
    word = keyword_at(account, text)
    match word:
        case Keyword.STOP:
            await _stop(ws, said)
        case Keyword.START:
            await _start(ws, said, (BUSINESS, account.id) if capabilities.confirms_stop else (BUSINESS,))
        case None if wishes.may_mean_stop(text):
            # What answers them may go on; all else waits until somebody has said what was meant.
            waits = tuple(p for p in purposes if p != Purpose.SERVICE.value)
            await consents.tell(
                ws, replace(said, purposes=waits, state="held", source="free_words", reach="everywhere")
            )
        case None if keywords.is_yes(text):
            await consents.confirm(ws, said)
            if capabilities.stop_ends == "all" and keywords.takes_back(text):
                # Nothing of ours has gone out since, so there is nothing else that it could be a yes to.
                await _lift(ws, said, (BUSINESS, account.id) if capabilities.confirms_stop else (BUSINESS,))
    return word is Keyword.STOP


async def _agree_again(
    ws: Workspace, sender: ContactAddress, event: InboundMessage, entry: Entry, campaign: Campaign
) -> None:
    """
    A yes to a campaign that asked whether they still want it renews their agreement, if they have not ended it
    meanwhile and nobody of ours has written since: else it may be a yes to something else.
    """
    content = event.content
    said = content.text if isinstance(content, Text) else content.title if isinstance(content, Choice) else ""
    ref = Ref.parse(campaign.ref)
    if not keywords.is_yes(said) or ref is None or not (await mailings.of_code(ws, ref.code)).asks:
        return
    before = await timeline.page_before(ws, entry.contact_id, entry.number, limit=_LOOK_BACK)
    asked = next((each for each in reversed(before) if each.kind == "message" and each.direction == "out"), None)
    known = sender.consent.get(consents.MARKETING)
    if asked is None or asked.campaign is None or asked.campaign.ref != campaign.ref or known is None:
        return
    if known.state != "granted":
        return
    agreed = consents.Told(
        at_address=sender,
        purposes=MARKETING,
        state="granted",
        source="asked_again",
        evidence=entry.id,
        at=entry.at,
        wording=f"{contents.text_of(asked.content)} — {said}",
        reach="handle",
        proof={"broadcast": campaign.id, "broadcast_name": campaign.name, "message": campaign.ref},
    )
    await consents.tell(ws, agreed)


async def _stop(ws: Workspace, said: consents.Told) -> None:
    await consents.tell(ws, said)
    rows = await contacts.addresses_of(ws, said.at_address.contact_id)
    address = said.at_address.address
    elsewhere = any(row.address.kind != address.kind for row in rows)
    if elsewhere and keywords.means_everywhere(said.wording or "", address):
        # In the United States a stop ends advertising by that business altogether, whatever the channel.
        await consents.tell(ws, replace(said, purposes=MARKETING, source=standing.EVERYWHERE, reach="everywhere"))


async def _start(ws: Workspace, said: consents.Told, senders: tuple[str, ...]) -> None:
    """
    START lifts what a stop ended, and ends a hold. It is no consent to marketing where there was none, and it does not
    lift what a provider keeps by itself, unless that provider goes by the same words (then `senders` has the account).
    """
    known = said.at_address.consent
    held = tuple(name for name, each in known.items() if each.held_at and name in PURPOSES)
    if held:
        await consents.tell(ws, replace(said, purposes=held, state="released", reach="everywhere"))
    await _lift(ws, said, senders)


async def _lift(ws: Workspace, said: consents.Told, senders: tuple[str, ...]) -> None:
    stopped = [p for p in said.purposes if any(_lifts(said.at_address, p, to, said.at) for to in senders)]
    if stopped:
        await consents.tell(ws, replace(said, purposes=tuple(stopped), state="lifted", senders=senders))


def _lifts(sender: ContactAddress, purpose: str, to: str, at: datetime) -> bool:
    """Whether START has something to lift; also if it has just done so, and we died before telling."""
    known = sender.consent.get(standing.slot(purpose, to))
    return known is not None and (
        known.withdrawn_at is not None or (known.source == standing.KEYWORD and known.at == at)
    )


async def _consent_changed(ws: Workspace, account: ChannelAccount, event: ConsentChanged, raw_id: str) -> None:
    """What a provider says of its own opt-outs concerns the account that it says it of."""
    sender = await _resolve(ws, event.sender)
    said = consents.Told(
        at_address=sender,
        purposes=(event.purpose.value,) if event.purpose else PURPOSES,
        state="blocked" if event.source == "block" else "withdrawn",
        source=event.source,
        evidence=raw_id,
        at=event.at,
        wording=event.wording,
        senders=(account.id,),
    )
    if event.granted and event.source == "provider_signup":
        said = replace(said, state="granted")
    elif event.granted:
        # Unblocking lifts the block alone: a stop before it stands. Neither is consent to marketing of its own.
        unblocked = event.source == "unblock"
        lifted = replace(said, state="unblocked" if unblocked else "lifted")
        said = lifted if unblocked else replace(lifted, senders=(account.id, BUSINESS))
    await consents.tell(ws, said)


async def record_refusal(
    ws: Workspace,
    account_id: str,
    address: Address,
    purpose: str | None,
    *,
    blocked: bool,
    evidence: str,
    at: datetime,
) -> None:
    """The provider refused a send because the person stopped us: kept as a fact, and obeyed from now on."""
    said = consents.Told(
        at_address=await contacts.resolve(ws, address, profile=Profile()),
        purposes=(purpose,) if purpose else PURPOSES,
        state="blocked" if blocked else "withdrawn",
        source=consents.REFUSED,
        evidence=evidence,
        at=at,
        senders=(account_id,),
        reach="handle",
    )
    await consents.tell(ws, said)


# --- handles, accounts, signs -------------------------------------------------------------------------------------


async def _address_changed(ws: Workspace, account: ChannelAccount, event: AddressChanged, raw_id: str) -> None:
    moved = await contacts.move_address(ws, event.old, event.new)
    if moved is None:
        ws.log.info("address_of_unknown_contact_changed", account_id=account.id)
        return

    def how(now: Conversation) -> Conversation:
        if any(r.address == str(event.new) for r in now.reach):
            return now
        reach = tuple(replace(r, address=str(event.new)) if r.address == str(event.old) else r for r in now.reach)
        return now if reach == now.reach else replace(now, reach=reach)

    before = await contacts.known(ws, event.old)
    if before is not None and before.contact_id != moved.contact_id:
        # The new handle is somebody else's here; what the person has ended goes along all the same.
        for purpose in consent.stopped_purposes(before, account.id):
            said = consents.Told(
                at_address=moved,
                purposes=(purpose,),
                state="withdrawn",
                source="number_change",
                evidence=raw_id,
                at=event.at,
            )
            await consents.tell(ws, said)
    for conversation in await conversation_store.of_contact(ws, moved.contact_id):
        await conversations.change(ws, conversation, how)
    told = {"name": "address_changed", "old": str(event.old), "new": str(event.new), "detail": event.detail}
    await events.note(ws, moved.contact_id, key=f"address/{raw_id}", event=told, at=event.at)
    await doubts.moved(ws, event, raw_id)


async def _notice(ws: Workspace, account: ChannelAccount, event: AccountNotice) -> None:
    told = {"severity": event.severity, "code": event.code, "message": event.message}
    values: dict[str, Any] = {}
    if event.severity != "info":
        values["notice"] = {**told, "at": ws.clock.now()}
    if event.quality:
        values["quality"] = event.quality
    if event.limits:
        values |= {"limits": event.limits, "people_a_day": event.people_a_day}
    if values:
        await account_rows.note_health(ws.runtime.mongo, account.id, values)
        ws.runtime.accounts.forget()
    shown = {"id": account.id, **told, "at": clock.iso(ws.clock.now())}
    await live.publish(ws, live.event("account", shown))


async def show_typing(ws: Workspace, event: TypingStarted) -> None:
    """The customer is typing: a sign to whoever has the conversation open."""
    known = await contacts.known(ws, event.sender.address)
    if known is not None:
        told = {
            "conversation_id": conversations.id_for(known.contact_id),
            "by": "contact",
            "name": event.sender.name,
            "on": event.on,
        }
        await live.sign(ws, "typing", told)
