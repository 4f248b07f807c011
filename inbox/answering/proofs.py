"""
Going on with a thread on another channel, after the customer has shown that both are theirs.

A one-time code is sent on the channel where we know them, through the outbox like any message, mostly as a link that
opens their other app with the code filled in. Whoever then writes the code to us from the other channel holds both, so
the handle they write from is linked to the contact, and the thread goes on there. An address that is another contact's
already stays theirs: that is told, for somebody to merge the two.

Only a digest of the code is kept. It is good once, for an hour, on one account, and dies with the conversation's next.
"""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from app.core import audit, ids
from app.core.addresses import Address, e164
from app.core.audit import Target
from app.core.errors import AppError, Conflict, Invalid, NotFound, TooManyRequests
from app.core.permissions import Actor
from app.core.runtime import Workspace
from app.core.security import hash_token
from channels import accounts, registry
from channels.content import Text
from channels.contract import ChannelAccount, InboundMessage, OpensWithText
from crm import contacts, duplicates, merging
from crm.contacts import ContactAddress, Profile
from crm.duplicates import Proved
from inbox import conversations, events, live, outbox
from inbox.answering import acts
from inbox.conversations import Conversation, Reach
from inbox.store import proofs as store
from inbox.timeline import Author

State = Literal["waiting", "proved", "elsewhere", "cancelled"]

GOOD_FOR = timedelta(hours=1)
# Kept so long after, for whoever asks what became of it.
REMEMBERED = timedelta(days=30)
MOST_AN_HOUR = 5
# No letters or digits that are mistaken for each other; fifty bits, so guessing is hopeless.
_ALPHABET = "ABCDEFGHJKMNPQRSTVWXYZ23456789"
_CODE = re.compile(rf"(?<![A-Z0-9])([{_ALPHABET}]{{5}})-([{_ALPHABET}]{{5}})(?![A-Z0-9])")
CODE, LINK = "{code}", "{link}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """
    `account_id` is where the code is awaited. `expected` is the handle that the customer said is theirs, if they did:
    the code then counts from nowhere else. `proved_by` is the handle that it came from; `other_contact_id` whose that
    was already.
    """

    id: str
    conversation_id: str
    contact_id: str
    account_id: str
    channel: str
    expected: str | None
    state: State
    by: str
    by_name: str
    created_at: datetime
    expires_at: datetime
    proved_by: str | None = None
    other_contact_id: str | None = None
    # The kind of channel on which the code went out.
    sent_on: str | None = None

    def is_open(self, now: datetime) -> bool:
        return self.state == "waiting" and self.expires_at > now


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """
    An account on which the thread can go on: at once at `addresses`, verified handles of the contact, or after a code.
    `opens` says that a link opens the customer's app with the code filled in.
    """

    account: ChannelAccount
    addresses: tuple[ContactAddress, ...]
    opens: bool


async def ways(ws: Workspace, conversation: Conversation) -> list[Way]:
    """All accounts that are switched on, those first that the contact can be reached on at once."""
    known = [row for row in await contacts.addresses_of(ws, conversation.contact_id) if row.verified]
    reached = {(reach.account_id, reach.address) for reach in conversation.reach}
    answered_by = {reach.account_id for reach in conversation.reach}

    def at_once(account: ChannelAccount) -> tuple[ContactAddress, ...]:
        own = [
            row for row in known if row.address.kind == account.kind and (account.id, str(row.address)) not in reached
        ]
        # Beside the handle that is answered already, what is no number is only another name of it.
        return tuple(row for row in own if account.id not in answered_by or row.address.value.startswith("+"))

    found = [
        Way(
            account=account,
            addresses=at_once(account),
            opens=isinstance(registry.adapter(account.kind), OpensWithText),
        )
        for account in map(accounts.channel_account, await ws.runtime.accounts.of_workspace(ws.id))
        if account.enabled
    ]
    return sorted(found, key=lambda way: (not way.addresses, way.account.name))


async def go_on(ws: Workspace, actor: Actor, conversation: Conversation, account_id: str, address: str) -> Conversation:
    """
    Answers may go to this verified handle of the contact, and do by default. Raises NotFound, Invalid (not theirs, or
    not shown to be), Conflict (the account is switched off).
    """
    row = await accounts.row_of(ws, account_id)
    if not row.enabled:
        raise Conflict("This channel account is switched off in the settings.", code="account_disabled")
    handle = await contacts.known(ws, Address.parse(address))
    if handle is None or handle.contact_id != conversation.contact_id or handle.address.kind != row.kind:
        raise Invalid.field("address", "This is no address of this contact on that account's channel.")
    if not handle.verified:
        raise Invalid.field("address", "Nobody has shown that this address is theirs; send them a code first.")
    hours = registry.adapter(row.kind).capabilities(accounts.channel_account(row)).window_hours

    def how(now: Conversation) -> Conversation:
        if now.reach and (now.reach[0].account_id, now.reach[0].address) == (account_id, address):
            return now
        is_this = [r for r in now.reach if (r.account_id, r.address) == (account_id, address)]
        this = is_this[0] if is_this else Reach(account_id, address, None, window_hours=hours)
        return replace(now, reach=(this, *(r for r in now.reach if r is not this)))

    async with live.announced(ws, "conversation", conversation.id):
        saved, changed = await conversations.change(ws, conversation, how)
        if changed:
            told = {"name": "channel_continued", "channel": row.kind, "address": address}
            await audit.record(ws, actor, "conversation.channel_continued", _target(saved), told)
            await _note(ws, saved.contact_id, f"continued/{saved.revision}", told, acts.author(actor))
    return await conversations.get(ws, conversation.id)


async def start(
    ws: Workspace, actor: Actor, conversation: Conversation, *, account_id: str, expected: str | None, text: str
) -> Proof:
    """
    Sends a code by the conversation's present channel, within `text`, where `{code}` and `{link}` stand for it.

    Raises what the gate raises, NotFound, Invalid, Conflict (switched off), TooManyRequests.
    """
    row = await accounts.row_of(ws, account_id)
    if not row.enabled:
        raise Conflict("This channel account is switched off in the settings.", code="account_disabled")
    account = accounts.channel_account(row)
    here = conversation.reach[0] if conversation.reach else None
    if here is None or here.account_id == account_id:
        raise Invalid.field("account_id", "Choose a channel other than the one on which the code is sent.")
    handle = _handle(account, expected)
    code = "-".join("".join(secrets.choice(_ALPHABET) for _ in range(5)) for _ in range(2))
    words = _worded(account, text, code)
    before = await store.of_conversation(ws, conversation.id)
    _throttle([each.created_at for each in before], ws.clock.now())
    proof = Proof(
        id=_id_of(ws, code),
        conversation_id=conversation.id,
        contact_id=conversation.contact_id,
        account_id=account_id,
        channel=account.kind,
        expected=handle,
        state="waiting",
        by=actor.id,
        by_name=actor.name,
        created_at=ws.clock.now(),
        expires_at=ws.clock.now() + GOOD_FOR,
        sent_on=Address.parse(here.address).kind,
    )
    await store.insert(ws, proof, forget_at=proof.expires_at + REMEMBERED)
    draft = outbox.Draft(
        content=Text(text=words),
        author=acts.author(actor),
        client_id=proof.id,
        account_id=here.account_id,
        address=here.address,
    )
    try:
        await outbox.enqueue(ws, conversation, draft)
    except AppError:
        await store.delete(ws, proof.id)
        raise
    for older in before:
        if older.state == "waiting":
            await store.settle(ws, older, replace(older, state="cancelled"))
    detail = {"channel": account.kind, "account_id": account_id, "expected": handle}
    await audit.record(ws, actor, "conversation.proof_started", _target(conversation), detail)
    return proof


async def of_conversation(ws: Workspace, conversation: Conversation) -> list[Proof]:
    """The newest first, those of conversations that are a part of it now among them."""
    found = [proof for each in _parts(conversation) for proof in await store.of_conversation(ws, each)]
    return sorted(found, key=lambda proof: proof.created_at, reverse=True)


def _parts(conversation: Conversation) -> tuple[str, ...]:
    return (conversation.id, *conversation.absorbed)


async def cancel(ws: Workspace, actor: Actor, conversation: Conversation, proof_id: str) -> Proof:
    """The code counts no longer. Raises NotFound, Conflict (it was used)."""
    proof = await store.get(ws, proof_id)
    if proof is None or proof.conversation_id not in _parts(conversation):
        raise NotFound("There is no such code.")
    cancelled = replace(proof, state="cancelled")
    if proof.state != "cancelled" and not (proof.state == "waiting" and await store.settle(ws, proof, cancelled)):
        raise Conflict("This code has been used.", code="already_used")
    await audit.record(ws, actor, "conversation.proof_cancelled", _target(conversation), {"channel": proof.channel})
    return cancelled


async def meet(ws: Workspace, account: ChannelAccount, event: InboundMessage) -> bool:
    """
    Looks whether a customer's message brings a code, before anybody asks whose message it is: if it does, the handle it
    came from is linked. A message without one costs nothing; one that is taken in twice does the same twice. Whether
    it brings one.
    """
    code = _code_in(event)
    proof = await store.get(ws, _id_of(ws, code)) if code else None
    if proof is None or proof.account_id != account.id:
        return False
    await _met(ws, account, event, proof)
    return True


async def _met(ws: Workspace, account: ChannelAccount, event: InboundMessage, proof: Proof) -> None:
    handles = {str(event.sender.address), *map(str, event.sender.aliases)}
    sender = str(event.sender.address)
    if proof.expected is not None and proof.expected not in handles:
        if proof.is_open(ws.clock.now()):
            told = {
                "name": "channel_not_proved",
                "channel": account.kind,
                "address": sender,
                "expected": proof.expected,
            }
            await _note(ws, proof.contact_id, f"not_proved/{event.external_id}", told)
        return
    if not await _claimed(ws, proof, sender):
        return
    profile = Profile(name=event.sender.name, username=event.sender.username, verified=True)
    # Whom we asked may be a part of another contact since.
    handle = await merging.bring_home(ws, await contacts.join(ws, proof.contact_id, event.sender.address, profile))
    asked = await contacts.get(ws, proof.contact_id)
    told = {"name": "channel_proved", "channel": account.kind, "address": sender, "asked_by": proof.by_name}
    if handle.contact_id != asked.id:
        # Not by name: not everybody who reads this sees the other one.
        await store.note_other(ws, proof.id, handle.contact_id)
        told |= {"name": "channel_proved_elsewhere", "other_contact_id": handle.contact_id}
        await _suggest(ws, proof, account, handle.contact_id)
    await _note(ws, proof.contact_id, f"proved/{proof.id}", told)


async def _suggest(ws: Workspace, proof: Proof, account: ChannelAccount, other_id: str) -> None:
    """Whoever holds both is one person, however they are kept here."""
    shown = Proved(ws.clock.now(), proof.sent_on or "", account.kind)
    changed = await duplicates.prove(ws, proof.contact_id, other_id, shown)
    found = sorted({each for pair in changed for each in pair.contact_ids})
    with live.told_later(ws):
        await live.publish(ws, live.event("duplicates", {"contact_ids": found}))


async def _claimed(ws: Workspace, proof: Proof, sender: str) -> bool:
    """Whether the code counts from this handle: used now, or by this very message before we died half way."""
    if proof.is_open(ws.clock.now()):
        proved = replace(proof, state="proved", proved_by=sender)
        if await store.settle(ws, proof, proved):
            return True
        proof = await store.get(ws, proof.id) or proof
    return proof.state in ("proved", "elsewhere") and proof.proved_by == sender


def _code_in(event: InboundMessage) -> str | None:
    """In what they wrote, or in the link that opened the chat."""
    said = [event.content.text] if isinstance(event.content, Text) else []
    if event.referral and event.referral.payload:
        said.append(event.referral.payload)
    found = next((match for text in said if (match := _CODE.search(text.upper()))), None)
    return found[0] if found else None


def _handle(account: ChannelAccount, expected: str | None) -> str | None:
    """What the customer says is theirs, as an address of that channel. Raises Invalid."""
    if not expected:
        return None
    parsed = e164(expected)
    if parsed is None:
        raise Invalid.field("address", "Write a number with its country code, as in +12025550123, or leave it empty.")
    return str(Address(account.kind, parsed))


def _worded(account: ChannelAccount, text: str, code: str) -> str:
    """Raises Invalid."""
    adapter = registry.adapter(account.kind)
    link = adapter.opening_link(account, code) if isinstance(adapter, OpensWithText) else None
    if CODE not in text and LINK not in text:
        raise Invalid.field("text", f"Put {CODE} or {LINK} where the code shall stand.")
    if LINK in text and link is None:
        raise Invalid.field("text", f"No link opens this channel; put {CODE} where the code shall stand.")
    return text.replace(CODE, code).replace(LINK, link or "")


def _throttle(started: list[datetime], now: datetime) -> None:
    """Raises TooManyRequests."""
    recent = sorted(at for at in started if at > now - timedelta(hours=1))
    if len(recent) >= MOST_AN_HOUR:
        wait = recent[-MOST_AN_HOUR] + timedelta(hours=1) - now
        raise TooManyRequests(
            f"{MOST_AN_HOUR} codes were sent within an hour; wait before you send another.",
            retry_after_seconds=max(1, int(wait.total_seconds())),
        )


def _id_of(ws: Workspace, code: str) -> str:
    return ids.derived("prf", ws.id, hash_token(code))


def _target(conversation: Conversation) -> Target:
    return Target("conversation", conversation.id, conversation.contact_name)


async def _note(
    ws: Workspace, contact_id: str, key: str, event: Mapping[str, object], author: Author | None = None
) -> None:
    await events.note(ws, contact_id, key=f"channel/{key}", event=event, at=ws.clock.now(), author=author)
