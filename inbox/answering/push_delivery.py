"""
Sending pushes to members' devices, and telling how it went.

A row is claimed by moving the time at which it is due; whoever dies on the way leaves it due again. Whether it is still
wanted is asked at that moment: of what has been read, of quiet hours, of whoever sits at a screen, nothing is sent, and
nothing that the member may not see. A device that was sent the same twice shows it once: pushes about one conversation
replace each other, at the service and on the screen.
"""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import orjson
from redis.exceptions import RedisError

from app.core import audit, ids, presence, sign_in, viewing, webpush
from app.core.audit import Target
from app.core.errors import Forbidden, Invalid, NotFound
from app.core.permissions import Actor
from app.core.platform import members as member_rows
from app.core.platform import push_devices, push_keys
from app.core.platform.members import Session
from app.core.platform.push_devices import Device
from app.core.platform.push_keys import PublicKey
from app.core.presence import Presence
from app.core.queue import Lane
from app.core.runtime import Workspace
from app.core.security import CannotDecrypt
from app.core.webpush import Answer, BadSubscription, Subscription
from crm import masks
from inbox import access, live
from inbox.answering import notifications, push
from inbox.answering.push import Push
from inbox.conversations import Conversation
from inbox.finding import reading
from inbox.store import notifications as notification_rows
from inbox.store import push as store

# Each try ends well before: a device's service has ten seconds.
CLAIM = timedelta(seconds=45)
# Waits after each failed try, in seconds; a push that is later than these together is of no use any more.
WAITS = (5.0, 30.0, 120.0, 600.0, 1_800.0)
# How long a service keeps a push for a device that is off.
TTL_SECONDS = 12 * 3_600
_TEST_TTL_SECONDS = 60
_NAME_CHARS = 80
_TEXT_CHARS = 200
# Somebody waits for these.
_URGENT = frozenset({"mention", "assigned", "message", "attention"})


async def deliver(ws: Workspace, push_id: str) -> None:
    """To each of the member's devices that does not have it yet, if it is still wanted."""
    row, now = await store.get(ws, push_id), ws.clock.now()
    if row is None or row.due_at is None or row.due_at > now or not await store.claim(ws, row, now + CLAIM):
        return
    found = await push_devices.of_member(ws.runtime.mongo, ws.runtime.keyring, row.member_id, now)
    over = {*row.done, *row.refused}
    devices = [device for device in found if device.session_id not in over and device.workspace_id == ws.id]
    reader = await _reader(ws, row, now) if devices else None
    if reader is None:
        await store.finish(ws, row.id, done=row.done)
        return
    payload = await _payload(ws, row, reader)
    topic = _topic(row.ticket_id or row.path or row.conversation_id or row.id)
    answers = await asyncio.gather(*(_send(ws, device, payload, topic, row.kind in _URGENT) for device in devices))
    pairs = list(zip(devices, answers, strict=True))
    await asyncio.gather(*(_note(ws, device, answer) for device, answer in pairs))
    went = _went(row, pairs)
    waiting = [answer for answer in answers if answer.kind == "later"]
    if not waiting and not went.refused:
        await store.finish(ws, row.id, done=went.done)
        return
    if not waiting or row.attempts >= len(WAITS):
        ws.log.warning("push_given_up", push_id=row.id, attempts=went.attempts)
        await store.give_up(ws, went, at=ws.clock.now())
        return
    wait = _wait(row.attempts, waiting)
    await store.postpone(ws, went, due_at=ws.clock.now() + timedelta(seconds=wait))
    await ws.queue.enqueue("push", ws.id, row.id, lane=Lane.PUSH, delay_seconds=wait + 0.05)


def _went(row: Push, pairs: Sequence[tuple[Device, Answer]]) -> Push:
    """The row after one more try."""
    of_kind: dict[str, list[str]] = {}
    for device, answer in pairs:
        of_kind.setdefault(answer.kind, []).append(device.session_id)
    said = dict.fromkeys(answer.words for _, answer in pairs if answer.kind in ("later", "refused"))
    return replace(
        row,
        done=(*row.done, *of_kind.get("taken", ()), *of_kind.get("gone", ())),
        refused=(*row.refused, *of_kind.get("refused", ())),
        error=" ".join(said) or row.error,
        attempts=row.attempts + 1,
    )


def _wait(attempts: int, waiting: list[Answer]) -> float:
    """Longer each time, never all at once, and not before the service wants to hear of us again."""
    asked = max((answer.retry_after_seconds or 0.0 for answer in waiting), default=0.0)
    # Not for secrets: it spreads the load.
    return min(max(WAITS[attempts] * random.uniform(0.8, 1.2), asked), WAITS[-1])  # noqa: S311


async def _reader(ws: Workspace, row: Push, now: datetime) -> Actor | None:
    """The member, if they may still see it, have not seen it, and want to be disturbed now."""
    member = await member_rows.get_in(ws.runtime.mongo, ws.id, row.member_id)
    if member is None or member.status != "active":
        return None
    actor = await sign_in.actor_of(ws.runtime, member)
    return actor if await _may_see(ws, row, actor) and await _is_wanted(ws, row, now) else None


async def _may_see(ws: Workspace, row: Push, actor: Actor) -> bool:
    if not access.may_listen(actor):
        return False
    try:
        if row.ticket_id:
            await access.ticket(ws, actor, row.ticket_id)
        elif row.conversation_id:
            conversation = await access.conversation(ws, actor, row.conversation_id)
            return row.kind != "message" or _concerns(row, conversation)
    except (Forbidden, NotFound):
        return False
    return True


async def _is_wanted(ws: Workspace, row: Push, now: datetime) -> bool:
    """By their own choice, by what they have read, and by whether they sit at a screen."""
    settings = await push.settings_of(ws, row.member_id)
    if row.kind not in settings.kinds or push.is_quiet(settings.quiet, now):
        return False
    if row.notification_id is not None:
        told = await notification_rows.get(ws, row.notification_id)
        if told is not None and told.read_at is not None:
            return False
    return not settings.only_away or not await _sees(ws, row)


def _concerns(row: Push, conversation: Conversation) -> bool:
    """Whether what a customer wrote still waits for this member."""
    if conversation.assignee_id != row.member_id:
        return False
    # The first try may come before the conversation has counted the message.
    return row.attempts == 0 or reading.unread_by(conversation, row.member_id) > 0


async def _sees(ws: Workspace, row: Push) -> bool:
    """Whether the member is at work on a screen, or has one in use that shows what this is about."""
    try:
        if await presence.is_active(ws, row.member_id):
            return True
        looks = await viewing.look(ws, None, None)
    except (RedisError, OSError, TimeoutError):
        # Nobody can say: better told twice than not at all.
        return False
    if not any((look.member_id, look.conversation_id) == (row.member_id, row.conversation_id) for look in looks):
        return False
    return (await presence.of(ws, [row.member_id]))[row.member_id] is Presence.ONLINE


async def _payload(ws: Workspace, row: Push, reader: Actor) -> bytes:
    """What the service worker makes a notification of, as its reader may see it; far below what services take."""
    masker = masks.of(ws, reader)
    name = masker.within(row.contact_name) if masker else row.contact_name
    return _encoded(
        kind=row.kind,
        id=row.notification_id,
        conversation_id=row.conversation_id,
        ticket_id=row.ticket_id,
        path=row.path,
        contact_name=name[:_NAME_CHARS],
        by_name=row.by_name and row.by_name[:_NAME_CHARS],
        text=row.text[:_TEXT_CHARS],
        unread=await _unread(ws, reader),
    )


def _encoded(**values: str | int | None) -> bytes:
    return orjson.dumps({name: value for name, value in values.items() if value is not None})


async def _unread(ws: Workspace, reader: Actor) -> int:
    """As the bell counts."""
    waiting = await notifications.waiting(ws, reader.member_id)
    seen = await access.visible(ws, reader, [row.conversation_id for row in waiting])
    return sum(bool(row.ticket_id or row.path) or row.conversation_id in seen for row in waiting)


def _topic(subject: str) -> str:
    """At the service one conversation's pushes have one name, which says nothing of it."""
    return ids.derived("", subject)[1 : webpush.MOST_TOPIC_CHARS + 1]


async def _send(ws: Workspace, device: Device, payload: bytes, topic: str | None, urgent: bool, **ttl: int) -> Answer:
    runtime = ws.runtime
    try:
        key = await push_keys.get(runtime.mongo, runtime.keyring, device.key)
    except CannotDecrypt:
        return Answer("refused", "The key for pushes is encrypted with a secret key that this server does not have.")
    if key is None:
        return Answer("gone", "It was subscribed with a key that has been withdrawn.")
    return await webpush.send(
        runtime,
        device.subscription,
        key,
        payload,
        ttl_seconds=ttl.get("ttl_seconds", TTL_SECONDS),
        topic=topic,
        urgency="high" if urgent else "normal",
    )


async def _note(ws: Workspace, device: Device, answer: Answer) -> None:
    mongo = ws.runtime.mongo
    if answer.kind == "gone":
        await push_devices.forget(mongo, device)
        ws.log.info("push_device_gone", session_id=device.session_id, status=answer.status)
    else:
        error = "" if answer.kind == "taken" else answer.words
        await push_devices.note(mongo, device, error=error, at=ws.clock.now())
    if answer.kind != "taken":
        await tell(ws, device.member_id)


# --- a member's own devices ---


async def newest_key(ws: Workspace) -> PublicKey:
    """What browsers subscribe with; made now if there is none."""
    return await push_keys.newest(ws.runtime.mongo, ws.runtime.keyring, ws.clock.now())


async def devices(ws: Workspace, member_id: str) -> list[Device]:
    return await push_devices.of_member(ws.runtime.mongo, ws.runtime.keyring, member_id, ws.clock.now())


async def subscribe(ws: Workspace, actor: Actor, session: Session, subscription: Subscription, public: str) -> None:
    """This session's browser takes pushes from now on. Raises Invalid."""
    runtime = ws.runtime
    try:
        webpush.check(subscription, ws.settings.push_url)
    except BadSubscription as error:
        raise Invalid.field("endpoint", str(error)) from None
    key = await newest_key(ws)
    if public != key.public:
        raise Invalid.field("public_key", "The key for pushes has changed. Reload this page and try again.")
    known = next((d for d in await devices(ws, session.member_id) if d.session_id == session.id), None)
    if known is not None and (known.subscription, known.key) == (subscription, key.number):
        return
    await push_devices.save(runtime.mongo, runtime.keyring, session, subscription, key=key.number, now=ws.clock.now())
    if known is None:
        await audit.record(ws, actor, "push_device.added", Target("session", session.id, session.user_agent))
    await tell(ws, session.member_id)


async def unsubscribe(ws: Workspace, actor: Actor, session_id: str) -> None:
    """One of the member's own devices takes no more pushes. Raises NotFound."""
    if not await push_devices.remove(ws.runtime.mongo, actor.member_id, session_id):
        raise NotFound("There is no such device.")
    await audit.record(ws, actor, "push_device.removed", Target("session", session_id))
    await tell(ws, actor.member_id)


async def test(ws: Workspace, actor: Actor, session_id: str) -> Answer:
    """A push to one of the member's own devices, now, whatever they have chosen; what the service said. NotFound."""
    device = next((d for d in await devices(ws, actor.member_id) if d.session_id == session_id), None)
    if device is None:
        raise NotFound("This device takes no pushes. Turn them on there first.")
    payload = _encoded(kind="test", unread=await _unread(ws, actor))
    answer = await _send(ws, device, payload, None, True, ttl_seconds=_TEST_TTL_SECONDS)
    await _note(ws, device, answer)
    return answer


async def tell(ws: Workspace, member_id: str) -> None:
    """The member's screens show their devices as they are now; losing it does no harm."""
    try:
        await live.publish(ws, live.event("push_devices", {"member_id": member_id}))
    except RedisError:
        ws.log.warning("push_devices_not_told")
