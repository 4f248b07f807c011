"""What becomes of an SMS: queued → sent → delivered or undelivered, and the callbacks about it."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from sandbox.accounts import TwilioAccount
from sandbox.ledger import Entry
from sandbox.twilio import hooks
from sandbox.world import World

_RANK = {"": 0, "accepted": 0, "scheduled": 0, "queued": 1, "sending": 2, "sent": 3, "delivered": 5}
_FINAL = 4
LATE_CODES = (30001, 30003, 30004, 30005, 30006, 30007, 30008, 30022, 30023, 30032, 30034)


def plan(world: World, entry: Entry, failure: int = 0) -> None:
    """Schedule the rest of the chain; `failure` is the code of an undelivered (or failed) end."""
    knobs = world.knobs.of("sms", entry.customer)
    at = knobs.status_delay_ms["sent"] / 1000
    if entry.view.get("service"):
        # The create answer of a service says accepted; queued is the first news.
        _later(0, emit, world, entry, "queued")
    if failure == 30001:
        _later(at, emit, world, entry, "failed", failure)
        return
    _later(at, emit, world, entry, "sent")
    at += knobs.status_delay_ms["delivered"] / 1000
    if failure:
        _later(at, emit, world, entry, "undelivered", failure)
    elif not knobs.skip_delivered:
        _later(at, emit, world, entry, "delivered")


def emit(world: World, entry: Entry, status: str, code: int | None = None) -> None:
    """Report one status unless the message is already past it or was canceled."""
    reached = max((_RANK.get(str(item[0]), _FINAL) for item in entry.statuses), default=0)
    if _RANK.get(status, _FINAL) <= reached or reached == _FINAL:
        return
    force(world, entry, status, code)


def force(world: World, entry: Entry, status: str, code: int | None = None) -> None:
    """Report one status whatever was reported before."""
    account = world.account("twilio", entry.account, TwilioAccount)
    if account is None or world.ledger.get(entry.seq) is not entry:
        return
    world.note_status(entry, status, code)
    view = entry.view
    url = entry.correlation or _default_callback(account, view)
    if not url:
        return
    fields = {
        "MessageSid": entry.provider_id,
        "SmsSid": entry.provider_id,
        "MessageStatus": status,
        "SmsStatus": status,
        "To": entry.to,
        "From": view["from"],
        "AccountSid": account.id,
        "ApiVersion": "2010-04-01",
    }
    if view.get("service"):
        fields["MessagingServiceSid"] = view["service"]
    if code:
        fields["ErrorCode"] = str(code)
    if status in ("delivered", "undelivered"):
        fields["RawDlrDoneDate"] = time.strftime("%y%m%d%H%M", time.gmtime(world.clock.now()))
    hooks.post(world, account, url, fields, lane=f"{entry.customer}:status", customer=entry.customer, seqs=(entry.seq,))


def _default_callback(account: TwilioAccount, view: dict[str, Any]) -> str:
    service = account.services.get(view.get("service", ""))
    if service is not None and service.status_callback:
        return service.status_callback
    number = account.numbers.get(view["from"])
    return number.status_callback if number is not None else ""


def _later(seconds: float, function: Any, *arguments: Any) -> None:
    loop = asyncio.get_running_loop()
    if seconds <= 0:
        loop.call_soon(function, *arguments)
    else:
        loop.call_later(seconds, function, *arguments)


def resume(world: World) -> None:
    """After a restart: repeat the newest status of recent messages and go on with their chain."""
    horizon = world.clock.now() - 600
    for entry in world.ledger.newest_first():
        if entry.at < horizon:
            return
        if entry.channel != "sms" or entry.direction != "out" or entry.view.get("automatic"):
            continue
        if entry.statuses:
            status, _, code = entry.statuses[-1]
            force(world, entry, status, code)
        if entry.status in ("", "queued", "sending", "sent") and not entry.view.get("send_at"):
            plan(world, entry)
