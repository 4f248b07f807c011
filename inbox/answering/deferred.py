"""
Messages for later: what is written now and goes out at a time, or when the customer answers.

    scheduled   goes at a time; if the customer writes first it is cancelled, or waits for a decision, or goes anyway
    held        the reply window was closed: a template asks the person to answer, and the words go when they do

A message for later is a row of its own and becomes an entry of the timeline when it goes, so that it stands where it
was said. The gate is asked when it is written and again when it goes; what keeps it back then is stored as the reason.
It goes exactly once: the row is claimed by a conditional update, and the entry's id derives from the row's.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from app.core import ids
from app.core.errors import AppError, Change, ChangedMeanwhile, Conflict, Forbidden, Invalid, NotFound
from app.core.runtime import Workspace
from channels import accounts
from channels.content import Choice, Content, Template, Text
from channels.contract import DeliveryStatus, Purpose
from crm import wishes
from crm.keywords import Keyword
from inbox import contents, conversations, events, live, messages, outbox, timeline
from inbox.answering import notifications, reopeners
from inbox.conversations import Conversation
from inbox.outbox import Draft
from inbox.store import deferred as store
from inbox.store import entries as entry_store
from inbox.timeline import Author, Entry, Written

Kind = Literal["scheduled", "held"]
State = Literal["waiting", "asking", "sending", "sent", "cancelled", "skipped", "expired"]
OnReply = Literal["cancel", "ask", "send"]

MOST_OPEN = 20
FURTHEST = timedelta(days=366)
SOONEST = timedelta(seconds=20)
# A worker that claimed a message and is gone: after so long another goes on; the entry is the same one.
CLAIM = timedelta(seconds=60)
OPEN: frozenset[State] = frozenset(("waiting", "asking", "sending"))
# How the id of a template that asks the person to answer ends; and what a message of ours is that nobody will read.
_OPENER = "-opener"
_LOST = frozenset((DeliveryStatus.FAILED.value, DeliveryStatus.SKIPPED.value, DeliveryStatus.CANCELLED.value))
_OPENER_LOST = "opener_lost"

# What people say when they only mean "go on". Compared without case and punctuation.
_GO_AHEAD = frozenset(
    """
    yes / y / yep / yeah / ya / ok / okay / k / sure / please / yes please / hi / hello / hey / hi there / good morning
    go / go on / go ahead / continue / ready / fine / great / good / please do / thanks / thank you / ok thanks / 1
    si / sí / oui / ja / sim / da / tak / evet / hai / ndiyo / aane / hola / salut / bonjour / hallo / ciao / olá
    merci / gracias / danke / 👍 / 👋 / 🙏 / ✅
    """.strip()
    .replace("\n    ", " / ")
    .split(" / ")
)
_SIGNS = frozenset("👍👋🙏✅")
# How the words on a button begin that declines.
_DECLINES = frozenset(
    (
        *("no", "nope", "not", "never", "later", "stop", "nein", "nicht", "später", "non", "pas", "não", "nao", "nee"),
        *("niet", "nie", "luego", "dopo", "нет", "не", "ні", "لا", "hapana", "tidak", "hayır"),
        *("नहीं", "いいえ", "不", "아니요"),
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deferred:
    """
    `at`: when it goes, or (held) when it expires. `due_at` is there while somebody has to look at it by then. `heard`
    is the newest of the customer's messages that its author knew. `reason` says why it asks or did not go.
    """

    id: str
    conversation_id: str
    contact_id: str
    contact_name: str
    kind: Kind
    state: State
    content: dict[str, Any]
    account_id: str
    address: str
    channel: str
    reply_to_entry_id: str | None
    # What marketing is about; "" is no topic.
    topic: str = ""
    author: Author
    created_at: datetime
    at: datetime
    due_at: datetime | None
    on_reply: OnReply
    heard: int
    reason: dict[str, str] | None = None
    opener_entry_id: str | None = None
    entry_ids: tuple[str, ...] = ()
    written: Written | None = None
    revision: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody wants to go later. `at` None: when the customer answers, and then `opener` asks them to."""

    draft: Draft
    at: datetime | None
    on_reply: OnReply
    opener: Template | None = None
    days: int = 7


async def create(ws: Workspace, conversation: Conversation, wish: Wish) -> Deferred:
    """
    Store a message for later; asked twice with one client id it is there once.

    Raises what the gate raises, Invalid (a time that is past or too far), Conflict (too many wait, the window is open),
    NewerMessages.
    """
    row_id = ids.derived("dfr", conversation.id, wish.draft.client_id)
    stored = await store.get(ws, row_id)
    if stored is not None:
        await _link(ws, conversation, stored)
        return stored
    if len(conversation.deferred) >= MOST_OPEN:
        raise Conflict(f"At most {MOST_OPEN} messages can wait in one conversation.", code="too_many")
    now = ws.clock.now()
    admitted = await outbox.admit(ws, conversation, wish.draft, later=True)
    await outbox.require_newest(ws, conversation, wish.draft)
    if wish.at is not None:
        _check_time(wish.at, now)
    else:
        _check_waits(wish.on_reply)
    at = wish.at or now + timedelta(days=wish.days)
    opener = None if wish.at else await _open_window(ws, conversation, wish, admitted)
    row = Deferred(
        id=row_id,
        conversation_id=conversation.id,
        contact_id=conversation.contact_id,
        contact_name=conversation.contact_name,
        kind="scheduled" if wish.at else "held",
        state="waiting",
        content=wish.draft.content.model_dump(exclude_none=True),
        account_id=admitted.account.id,
        address=str(admitted.address),
        channel=admitted.account.kind,
        reply_to_entry_id=wish.draft.reply_to_entry_id,
        topic=wish.draft.topic,
        author=wish.draft.author,
        created_at=now,
        at=at,
        due_at=at,
        on_reply=wish.on_reply,
        heard=conversation.last_inbound_number,
        written=wish.draft.written,
        opener_entry_id=opener.id if opener else None,
    )
    async with live.announced(ws, "deferred", row.id):
        await store.insert(ws, row)
        linked = await _link(ws, conversation, row)
        await _tell(ws, row)
    # They may have written between the reading and the linking, or the template was lost; then nobody else will look.
    if opener is not None and (lost := await timeline.get(ws, opener.id)).status in _LOST:
        await opener_lost(ws, lost)
    await customer_wrote(ws, linked)
    return await get(ws, row.id)


def _check_time(at: datetime, now: datetime) -> None:
    if at < now + SOONEST:
        raise Invalid.field("at", "This time has passed; choose a later one, or send it now.")
    if at > now + FURTHEST:
        raise Invalid.field("at", "Choose a time within a year.")


def _check_waits(on_reply: OnReply) -> None:
    if on_reply == "cancel":
        raise Invalid.field("on_reply", "It waits for the customer to write, so that cannot cancel it: ask, or send.")


async def _open_window(ws: Workspace, conversation: Conversation, wish: Wish, way: outbox.Admitted) -> Entry:
    """Sends the template that asks the person to answer."""
    if way.closes is None and way.capabilities.window_hours is None:
        raise Conflict("This channel has no reply window: the message can be sent now.", code="window_open")
    if way.closes is not None and way.closes > ws.clock.now():
        raise Conflict("The reply window is open: the message can be sent now.", code="window_open")
    for other in await store.get_many(ws, conversation.deferred):
        same = (other.kind, other.account_id, other.address) == ("held", way.account.id, str(way.address))
        if same and other.state in OPEN and other.opener_entry_id:
            asked = await timeline.get(ws, other.opener_entry_id)
            if asked.status not in _LOST:
                # They have been asked already; a second answer waits behind the first.
                return asked
    opener = wish.opener or await reopeners.template(ws, way.account.id, conversation, wish.draft.author)
    draft = Draft(
        content=opener,
        author=wish.draft.author,
        client_id=f"{wish.draft.client_id}{_OPENER}",
        account_id=way.account.id,
        address=str(way.address),
        seen=wish.draft.seen,
        topic=wish.draft.topic,
    )
    return (await outbox.enqueue(ws, conversation, draft))[0]


async def get(ws: Workspace, row_id: str) -> Deferred:
    """Raises NotFound."""
    row = await store.get(ws, row_id)
    if row is None:
        raise NotFound("There is no such message for later.")
    return row


async def of_conversation(ws: Workspace, conversation: Conversation) -> list[Deferred]:
    """Those that wait, in the order of their times."""
    rows = [row for row in await store.get_many(ws, conversation.deferred) if row.state in OPEN]
    return sorted(rows, key=lambda row: (row.at, row.id))


async def page(
    ws: Workspace, *, author_id: str | None, after: tuple[datetime, str] | None, limit: int
) -> list[Deferred]:
    """Of all conversations, those that wait, by time; of one author if one is named."""
    return await store.page(ws, author_id=author_id, after=after, limit=limit)


# --- decisions of people ------------------------------------------------------------------------------------------


async def change(
    ws: Workspace,
    row: Deferred,
    *,
    text: str | None = None,
    at: datetime | None = None,
    on_reply: OnReply | None = None,
    revision: int | None = None,
) -> Deferred:
    """Other words, another time. One that asked waits again. Raises ChangedMeanwhile (also: gone), Invalid."""
    if revision is not None and revision != row.revision:
        raise ChangedMeanwhile("Somebody else has just changed this message. Please look again.", Change("message"))
    wanted = replace(row, on_reply=on_reply or row.on_reply)
    if row.kind == "held" and on_reply is not None:
        _check_waits(on_reply)
    conversation = await conversations.get(ws, row.conversation_id)
    if text is not None:
        wanted = replace(wanted, written=None, content=_reworded(row, text))
        await outbox.admit(ws, conversation, _draft(wanted), later=True)
    if at is not None:
        _check_time(at, ws.clock.now())
        wanted = replace(wanted, at=at, due_at=at)
    if row.state == "asking" and at is not None:
        wanted = replace(wanted, state="waiting", reason=None, heard=conversation.last_inbound_number)
    elif wanted.on_reply != row.on_reply:
        # What is wanted now is about what the customer writes from now on.
        wanted = replace(wanted, heard=conversation.last_inbound_number)
    return await _decide(ws, row, wanted)


def _reworded(row: Deferred, text: str) -> dict[str, Any]:
    """Its content with other words. Raises Invalid where it has none of its own."""
    content = contents.parsed(row.content)
    if isinstance(content, Text):
        return Text(text=text).model_dump()
    if "caption" in type(content).model_fields:
        return {**row.content, "caption": text}
    raise Invalid.field("text", "The words of this message cannot be changed; cancel it and write another.")


async def cancel(ws: Workspace, row: Deferred) -> Deferred:
    return row if row.state == "cancelled" else await _close(ws, row, "cancelled")


async def send_now(ws: Workspace, row: Deferred) -> Deferred:
    """A person says: go. Raises what the gate raises; the message then goes on waiting."""
    if row.state not in ("waiting", "asking"):
        raise ChangedMeanwhile("This message waits no longer.", Change("state", value=row.state))
    conversation = await conversations.get(ws, row.conversation_id)
    # Asked first, so that a refusal leaves the message as it was.
    await outbox.admit(ws, conversation, _draft(row))
    sent = await _send(ws, row)
    if sent.state == "skipped":
        reason = sent.reason or {}
        raise Conflict(reason.get("message", "It was not sent."), code=reason.get("code", "conflict"))
    return sent


async def _decide(ws: Workspace, row: Deferred, wanted: Deferred) -> Deferred:
    """Raises ChangedMeanwhile if it was sent, cancelled or changed."""
    if row.state not in ("waiting", "asking"):
        raise ChangedMeanwhile("This message waits no longer.", Change("state", value=row.state))
    async with live.announced(ws, "deferred", row.id):
        wanted = replace(wanted, revision=row.revision + 1)
        if not await store.save(ws, row, wanted):
            raise ChangedMeanwhile("Somebody else has just changed this message. Please look again.", Change("message"))
        if wanted.state not in OPEN:
            await _unlink(ws, wanted)
        await _tell(ws, wanted)
    return wanted


async def _close(ws: Workspace, row: Deferred, state: State, reason: dict[str, str] | None = None) -> Deferred:
    closed = await _decide(ws, row, replace(row, state=state, due_at=None, reason=reason))
    if state != "sent" and reason is not None:
        await _note(ws, closed, f"message_{state}")
    return closed


# --- what happens by itself ---------------------------------------------------------------------------------------


async def customer_wrote(ws: Workspace, conversation: Conversation) -> None:
    """
    The customer's newest message meets what waits: held messages go first of all, scheduled ones as they say.

    Safe to run twice: what has gone, asks or was cancelled is passed over.
    """
    if not conversation.deferred:
        return
    rows = await store.get_many(ws, conversation.deferred)
    for row in sorted(rows, key=lambda row: (row.created_at, row.id)):
        if not _waits(row) or row.heard >= conversation.last_inbound_number:
            continue
        try:
            await _meet(ws, conversation, row)
        except Conflict:
            # A person decided at the same moment; theirs counts.
            ws.log.info("deferred_decided_meanwhile", deferred_id=row.id)


def _waits(row: Deferred) -> bool:
    """Whether the customer's word decides: also where the template was lost that should have asked for it."""
    return row.state == "waiting" or (row.state == "asking" and (row.reason or {}).get("code") == _OPENER_LOST)


async def opener_lost(ws: Workspace, entry: Entry) -> None:
    """
    A message of ours did not reach its person. If it asked them to answer, whoever waits behind it is told: nobody
    will answer what they have not read. Whoever writes all the same gets what waits for them.
    """
    if not (entry.client_id or "").endswith(_OPENER):
        return
    conversation = await conversations.get(ws, entry.conversation_id)
    for row in await store.get_many(ws, conversation.deferred):
        if row.opener_entry_id != entry.id or row.state != "waiting":
            continue
        why = (entry.error or {}).get("message") or "no reason is known."
        question = f"The template that asks the customer to answer did not reach them: {why}"
        with suppress(Conflict):
            await _ask(ws, row, question, _OPENER_LOST)


async def _meet(ws: Workspace, conversation: Conversation, row: Deferred) -> None:
    if row.kind == "scheduled":
        if row.on_reply == "cancel":
            message = "The customer wrote first."
            await _close(ws, row, "cancelled", {"code": "customer_wrote", "message": message})
        elif row.on_reply == "ask":
            await _ask(ws, row, "The customer wrote first. Send it all the same?")
        return
    said = await _newest_said(ws, row, conversation)
    if not any(entry.account_id == row.account_id and entry.address == row.address for entry in said):
        await _ask(ws, row, "The customer answered on another channel.")
    elif await _stops(ws, row, said):
        await _ask(ws, row, "The customer asks us to stop. Send it all the same?")
    elif row.on_reply == "ask" and not all(is_go_ahead(contents.parsed(e.content)) for e in said if e.content):
        await _ask(ws, row, "The customer's answer is more than a go-ahead. Send it all the same?")
    else:
        await _send(ws, row)


async def _newest_said(ws: Workspace, row: Deferred, conversation: Conversation) -> list[Entry]:
    first = max(row.heard + 1, conversation.last_inbound_number - 20)
    said = await entry_store.range_of(ws, row.contact_id, first, conversation.last_inbound_number)
    return [entry for entry in said if entry.kind == "message" and entry.direction == "in"]


async def _stops(ws: Workspace, row: Deferred, said: Sequence[Entry]) -> bool:
    """Whether any of this is, or may be, a wish to be left alone."""
    account = await accounts.get(ws.runtime, row.account_id)
    texts = [contents.text_of(entry.content) for entry in said if entry.content]
    return any(messages.keyword_at(account, t) is Keyword.STOP or wishes.may_mean_stop(t) is not None for t in texts)


def is_go_ahead(content: Content) -> bool:
    """
    Whether somebody says no more than "go on": a tap on a button that does not decline, or a word or two of assent or
    greeting.
    """
    if isinstance(content, Choice):
        words = "".join(c if c.isalnum() else " " for c in content.title.casefold()).split()
        return not words or words[0] not in _DECLINES
    if not isinstance(content, Text):
        return False
    kept = "".join(c if c.isalnum() or c in _SIGNS else " " for c in content.text.casefold())
    return " ".join(kept.split()) in _GO_AHEAD


async def due(ws: Workspace, row_id: str) -> None:
    """Its time has come (or a worker that had it is gone): it goes, or expires."""
    row = await store.get(ws, row_id)
    now = ws.clock.now()
    if row is None or row.due_at is None or row.due_at > now or row.state not in OPEN:
        return
    if row.state == "sending":
        await _finish(ws, row)
    elif row.kind == "held":
        message = "The customer did not answer in time."
        await _close(ws, row, "expired", {"code": "expired", "message": message})
    else:
        conversation = await conversations.get(ws, row.conversation_id)
        if row.on_reply != "send" and row.heard < conversation.last_inbound_number:
            # They wrote first; what that means for this one is just being worked out, or was lost.
            await customer_wrote(ws, conversation)
        else:
            await _send(ws, row)


async def _ask(ws: Workspace, row: Deferred, question: str, code: str = "asks") -> None:
    due_at = row.due_at if row.kind == "held" else None
    reason = {"code": code, "message": question}
    await _note(ws, await _decide(ws, row, replace(row, state="asking", due_at=due_at, reason=reason)), "message_asks")


async def _send(ws: Workspace, row: Deferred) -> Deferred:
    """Claims it, then sends it. Raises Conflict if somebody else has it."""
    claimed = replace(row, state="sending", due_at=ws.clock.now() + CLAIM)
    return await _finish(ws, await _decide(ws, row, claimed))


async def _finish(ws: Workspace, row: Deferred) -> Deferred:
    """Hands a claimed message to the outbox. May run again for the same row: the entries are then the same ones."""
    conversation = await conversations.get(ws, row.conversation_id)
    try:
        entries = await outbox.enqueue(ws, conversation, _draft(row))
    except AppError as error:
        done = replace(row, state="skipped", reason={"code": error.code, "message": error.detail})
    else:
        done = replace(row, state="sent", reason=None, entry_ids=tuple(entry.id for entry in entries))
    done = replace(done, due_at=None, revision=row.revision + 1)
    async with live.announced(ws, "deferred", row.id):
        saved = await store.save(ws, row, done)
        await _unlink(ws, done)
        await _tell(ws, done)
    if saved and done.state == "skipped":
        await _note(ws, done, "message_skipped")
    return done


def _draft(row: Deferred) -> Draft:
    return Draft(
        content=contents.parsed(row.content),
        author=row.author,
        client_id=row.id,
        purpose=Purpose.SERVICE,
        topic=row.topic,
        account_id=row.account_id,
        address=row.address,
        reply_to_entry_id=row.reply_to_entry_id,
        written=row.written,
    )


# --- the conversation, screens, the timeline ----------------------------------------------------------------------


async def _link(ws: Workspace, conversation: Conversation, row: Deferred) -> Conversation:
    """The conversation knows what waits in it, so that a customer's message costs nothing where nothing does."""
    if row.state not in OPEN:
        return conversation

    def how(now: Conversation) -> Conversation:
        return now if row.id in now.deferred else replace(now, deferred=(*now.deferred, row.id))

    saved, _ = await conversations.change(ws, conversation, how)
    await live.tell_conversations(ws, saved)
    return saved


async def _unlink(ws: Workspace, row: Deferred) -> None:
    def how(now: Conversation) -> Conversation:
        left = tuple(row_id for row_id in now.deferred if row_id != row.id)
        return now if left == now.deferred else replace(now, deferred=left)

    conversation = await conversations.get(ws, row.conversation_id)
    saved, changed = await conversations.change(ws, conversation, how)
    if changed:
        await live.tell_conversations(ws, saved)


async def _tell(ws: Workspace, row: Deferred) -> None:
    told = {"id": row.id, "conversation_id": row.conversation_id, "state": row.state, "author_id": row.author.id}
    await live.publish(ws, live.event("deferred", told))


async def _note(ws: Workspace, row: Deferred, name: str) -> None:
    """A line on the timeline that tells the author, and everybody, what became of it."""
    text = contents.text_of(row.content)
    told = {
        "name": name,
        "deferred_id": row.id,
        "author_id": row.author.id,
        "author_name": row.author.name,
        "text": text if len(text) <= 200 else text[:199] + "…",
        "reason": (row.reason or {}).get("message"),
    }
    if row.author.type == "member" and row.author.id:
        await notifications.deferred(
            ws,
            row.conversation_id,
            row.author.id,
            key=f"{row.id}/{row.revision}",
            contact_name=row.contact_name,
            text=told["reason"] or text,
        )
    await events.note(
        ws,
        row.contact_id,
        key=f"{name}/{row.id}/{row.revision}",
        event=told,
        at=ws.clock.now(),
        author=Author("system"),
    )


def may_decide(row: Deferred, actor_id: str, *, manages: bool) -> None:
    """An author's message is theirs; who manages the inbox may decide for them. Raises Forbidden."""
    if row.author.id != actor_id and not manages:
        raise Forbidden("Only who wrote this message, or a supervisor, can change it.")
