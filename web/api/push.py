"""A member's own devices that get pushes, and what they want to be pushed."""

from datetime import time
from typing import Annotated

from pydantic import Field

from app.core.clock import iso
from app.core.errors import Invalid, NotFound
from app.core.webpush import MOST_ENDPOINT_CHARS, Subscription
from inbox.answering import push, push_delivery
from web.api.endpoint import Access, ApiRequest, Endpoint
from web.api.models import Body, Out, Time

Clock = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", examples=["22:00"])]


class DeviceOut(Out):
    """`id` is that of its session; `last_error` of the newest push to it, empty when that went well."""

    id: str
    current: bool
    user_agent: str
    since: Time
    last_push_at: Time | None
    last_error: str


class Quiet(Body):
    """By the clock of `zone`; an end at or before the start is on the next day."""

    start: Clock
    end: Clock
    zone: Annotated[str, Field(min_length=1, max_length=60, examples=["Africa/Accra"])]


class PushOut(Out):
    """`public_key` is what a browser subscribes with; `renew`: this device has subscribed with an older one."""

    public_key: str
    renew: bool
    devices: list[DeviceOut]
    kinds: list[push.Kind]
    only_away: bool
    quiet: Quiet | None


class ChangePush(Body):
    """`only_away`: nothing while oneself is at work on a screen."""

    kinds: Annotated[list[push.Kind], Field(max_length=len(push.KINDS))]
    only_away: bool
    quiet: Quiet | None


class Subscribe(Body):
    """As the browser's PushSubscription gives it; `public_key` is what it was subscribed with."""

    endpoint: Annotated[str, Field(max_length=MOST_ENDPOINT_CHARS)]
    p256dh: Annotated[str, Field(max_length=200)]
    auth: Annotated[str, Field(max_length=100)]
    public_key: Annotated[str, Field(max_length=200)]


class TestOut(Out):
    """What the push service said; `sent`: it has taken the push."""

    sent: bool
    words: str


async def show(request: ApiRequest) -> PushOut:
    ws, own = request.ws, request.own_session
    key = await push_delivery.newest_key(ws)
    found = await push_delivery.devices(ws, own.member_id)
    settings = await push.settings_of(ws, own.member_id)
    current = next((device for device in found if device.session_id == own.id), None)
    return PushOut(
        public_key=key.public,
        renew=current is not None and current.key != key.number,
        devices=[
            DeviceOut(
                id=device.session_id,
                current=device.session_id == own.id,
                user_agent=device.user_agent,
                since=iso(device.since) or "",
                last_push_at=iso(device.last_at),
                last_error=device.last_error,
            )
            for device in found
        ],
        kinds=list(settings.kinds),
        only_away=settings.only_away,
        quiet=settings.quiet
        and Quiet(
            start=settings.quiet.start.isoformat("minutes"),
            end=settings.quiet.end.isoformat("minutes"),
            zone=settings.quiet.zone,
        ),
    )


async def change(request: ApiRequest, body: ChangePush) -> PushOut:
    quiet = None
    if body.quiet is not None:
        start, end = time.fromisoformat(body.quiet.start), time.fromisoformat(body.quiet.end)
        quiet = push.QuietHours(start, end, body.quiet.zone)
    kinds = tuple(kind for kind in push.KINDS if kind in body.kinds)
    settings = push.PushSettings(kinds, body.only_away, quiet)
    await push.change_settings(request.ws, request.own_session.member_id, settings)
    await push_delivery.tell(request.ws, request.own_session.member_id)
    return await show(request)


async def subscribe(request: ApiRequest, body: Subscribe) -> PushOut:
    subscription = Subscription(body.endpoint, body.p256dh, body.auth)
    await push_delivery.subscribe(request.ws, request.actor, request.own_session, subscription, body.public_key)
    return await show(request)


async def unsubscribe(request: ApiRequest, device_id: str) -> None:
    await push_delivery.unsubscribe(request.ws, request.actor, device_id)


async def test(request: ApiRequest, device_id: str) -> TestOut:
    answer = await push_delivery.test(request.ws, request.actor, device_id)
    return TestOut(sent=answer.kind == "taken", words=answer.words)


ENDPOINTS = [
    Endpoint("GET", "/me/push", show, Access.MEMBER, "One's own devices that get pushes, and what is pushed"),
    Endpoint("PUT", "/me/push", change, Access.MEMBER, "Choose what is pushed to oneself", errors=(Invalid,)),
    Endpoint(
        "PUT", "/me/push/device", subscribe, Access.MEMBER, "Push to the browser of this session", errors=(Invalid,)
    ),
    Endpoint(
        "DELETE",
        "/me/push/devices/{device_id}",
        unsubscribe,
        Access.MEMBER,
        "Push to one of one's devices no more",
        errors=(NotFound,),
    ),
    Endpoint(
        "POST",
        "/me/push/devices/{device_id}/test",
        test,
        Access.MEMBER,
        "Send a push to one of one's devices now, and say what became of it",
        errors=(NotFound,),
        idempotent=False,
    ),
]
