"""What becomes of an accepted message: sent, delivered, read or failed, as webhooks with the pricing object."""

from __future__ import annotations

import asyncio
from typing import Any

from sandbox.accounts import WhatsAppNumber
from sandbox.knobs import Knobs
from sandbox.ledger import Entry
from sandbox.shapes import Json
from sandbox.whatsapp import hooks
from sandbox.whatsapp.errors import status_error
from sandbox.world import World

DAY_SECONDS = 86_400
FREE_ENTRY_SECONDS = 72 * 3_600
_RANK = {"": 0, "sent": 1, "delivered": 2, "read": 3, "played": 4, "failed": 9}
_FREE_SERVICE_MESSAGES = 1_000


def plan(world: World, entry: Entry, failure: int = 0) -> None:
    """Schedule the statuses of an accepted message; `failure` is the code it fails with instead."""
    knobs = world.knobs.of("whatsapp", entry.customer)
    at = knobs.status_delay_ms["sent"] / 1000
    if failure:
        _later(at, emit, world, entry, "failed", failure)
        return
    _later(at, emit, world, entry, "sent")
    if entry.type == "reaction":
        # Meta reports nothing further about reactions.
        return
    reads = knobs.read == "auto"
    if not (knobs.skip_delivered and reads):
        at += knobs.status_delay_ms["delivered"] / 1000
        _later(at, deliver, world, entry)
    if reads:
        _later(at + knobs.status_delay_ms["read"] / 1000, emit, world, entry, "read")


def deliver(world: World, entry: Entry) -> None:
    """The message reaches the phone; an open chat reads it at once."""
    emit(world, entry, "delivered")


def read_chat(world: World, number: WhatsAppNumber, customer: str) -> int:
    """The customer opens the chat: everything that was not read yet is read. Returns how many."""
    knobs = world.knobs.of("whatsapp", customer)
    if knobs.read == "never":
        return 0
    count = 0
    for entry in world.ledger.chat("whatsapp", number.id, customer):
        readable = entry.direction == "out" and entry.type != "reaction" and entry.status in ("sent", "delivered")
        if readable:
            emit(world, entry, "read")
            count += 1
    return count


def emit(world: World, entry: Entry, status: str, code: int | None = None, details: str = "") -> None:
    """Send one status now; a later state that was already reported is not taken back."""
    reported = max((_RANK[str(item[0])] for item in entry.statuses), default=0)
    if _RANK.get(status, 0) <= reported:
        return
    force(world, entry, status, code, details)


def force(world: World, entry: Entry, status: str, code: int | None = None, details: str = "") -> None:
    """Send one status whatever was reported before (the control API uses it for disorder on purpose)."""
    number = world.account("whatsapp", entry.account, WhatsAppNumber)
    if number is None or world.ledger.get(entry.seq) is not entry:
        # Reset or account removed since this was planned.
        return
    world.note_status(entry, status, code)
    if status == "delivered" and _pricing_category(entry) == "service":
        _count_service(world, number)
    value = value_of(world, entry, status, code, details)
    knobs = world.knobs.of("whatsapp", entry.customer)
    if knobs.status_batch_ms:
        hooks.batch_status(world, number, value, entry.seq)
    else:
        payload = hooks.envelope([{"id": number.waba_id, "changes": [hooks.change(number, value)]}])
        hooks.post(world, number, payload, customer=entry.customer, seqs=(entry.seq,))


def value_of(world: World, entry: Entry, status: str, code: int | None, details: str = "") -> Json:
    """The `value` object with one status in it."""
    customer = world.customers.get(entry.customer)
    item: Json = {"id": entry.provider_id, "status": status, "timestamp": str(int(world.clock.now()))}
    by_phone = not entry.to[:2].isalpha()
    if customer is None:
        item["recipient_id"] = entry.to.lstrip("+")
    else:
        if not customer.hides_phone or by_phone:
            item["recipient_id"] = customer.wa_id
        if status != "failed" or not by_phone:
            item["recipient_user_id"] = customer.bsuid
    if entry.correlation:
        item["biz_opaque_callback_data"] = entry.correlation
    if status == "failed":
        item["errors"] = [status_error(code or 131000, details)]
        return {"statuses": [item]}
    if status in ("sent", "delivered") or (status == "read" and _unreported(entry, "delivered")):
        item["pricing"] = pricing(world, entry)
    value: Json = {"statuses": [item]}
    if customer is not None and entry.type != "reaction":
        username = customer.username if status != "sent" else ""
        wa_id = None if customer.hides_phone and not by_phone else customer.wa_id
        value["contacts"] = [hooks.contact(wa_id, customer.bsuid, None, username)]
    return value


def _unreported(entry: Entry, status: str) -> bool:
    return all(item[0] != status for item in entry.statuses)


def _pricing_category(entry: Entry) -> str:
    template = entry.view.get("template")
    return str(template["category"]).lower() if isinstance(template, dict) else "service"


def pricing(world: World, entry: Entry) -> Json:
    """
    Per-message pricing as of October 2026: templates always cost, service messages after the first thousand a
    month.
    """
    category = _pricing_category(entry)
    if free_entry_open(world, entry):
        kind, billable = "free_entry_point", False
    elif category == "service" and _service_count(world, entry.account) < _FREE_SERVICE_MESSAGES:
        kind, billable = "free_customer_service", False
    else:
        kind, billable = "regular", True
    return {"billable": billable, "pricing_model": "PMP", "type": kind, "category": category}


def free_entry_open(world: World, entry: Entry) -> bool:
    """Whether the customer came from an ad less than 72 h ago."""
    fact = world.fact("whatsapp_ad", f"{entry.account}:{entry.customer}")
    return fact is not None and world.clock.now() - float(fact["at"]) < world.clock.window(FREE_ENTRY_SECONDS)


def window_open(world: World, account: str, customer: str) -> bool:
    """Whether the customer wrote within the last 24 h (POST /_sandbox/clock lets it pass)."""
    fact = world.fact("whatsapp_window", f"{account}:{customer}")
    return fact is not None and world.clock.now() - float(fact["at"]) < world.clock.window(DAY_SECONDS)


def _month(world: World, account: str) -> str:
    # A calendar month is close enough to the account's own time zone for a pretend bill.
    return f"service:{account}:{int(world.clock.now() // (30 * DAY_SECONDS))}"


def _service_count(world: World, account: str) -> int:
    return world.counters.get(_month(world, account), 0)


def _count_service(world: World, number: WhatsAppNumber) -> None:
    # In memory only: the free quota of a pretend bill may start afresh with the process.
    key = _month(world, number.id)
    world.counters[key] = world.counters.get(key, 0) + 1


def _later(seconds: float, function: Any, *arguments: Any) -> None:
    if seconds <= 0:
        asyncio.get_running_loop().call_soon(function, *arguments)
    else:
        asyncio.get_running_loop().call_later(seconds, function, *arguments)


def resume(world: World) -> None:
    """After a restart: repeat the newest status of recent messages and go on with the rest of their chain."""
    horizon = world.clock.now() - 600
    for entry in world.ledger.newest_first():
        if entry.at < horizon:
            return
        if entry.channel != "whatsapp" or entry.direction != "out" or entry.type == "held":
            continue
        knobs: Knobs = world.knobs.of("whatsapp", entry.customer)
        done = {str(item[0]) for item in entry.statuses}
        if done:
            last, _, code = entry.statuses[-1]
            force(world, entry, last, code)
        if not done:
            _later(0, emit, world, entry, "sent")
        if not done & {"delivered", "read", "failed"} and entry.type != "reaction":
            _later(knobs.status_delay_ms["delivered"] / 1000, deliver, world, entry)
