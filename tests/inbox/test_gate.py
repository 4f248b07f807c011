"""
R37: no sequence of operations sends marketing without a valid consent, by whatever door; and what the business has
settled (hours, caps, who is left out, the switch) holds when a message is queued and when it is handed over.
"""

import ast
import asyncio
import itertools
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.core import ids
from app.core.addresses import Address
from app.core.errors import AppError
from app.core.permissions import Role
from app.core.runtime import open_runtime
from crm import consent, contacts, gate, pacing
from crm.contacts import Profile
from crm.store import pacing as pacing_store
from inbox import preferences
from inbox.answering import deferred
from tests.journeys.test_incidents import close_window
from tests.journeys.test_outbound_kinds import _template
from tests.support.shop import Shop, eventually

SHOES = {"key": "shoes", "labels": {"en": "Shoes"}}
FREE = {"caps": [], "quiet": {"enabled": False}, "hold_question": "", "topics": [SHOES]}
WORDS = "Yes, send me offers."
_numbers = itertools.count(1)


@pytest.fixture(scope="module", autouse=True)
async def advert(shop: Shop) -> None:
    """An approved text that advertises, and a workspace where nothing but consent keeps it back."""
    await _template(shop, "advert", "MARKETING")
    await shop.post(f"/accounts/{shop.accounts['whatsapp']}/templates/sync")
    await settle(shop)


async def everywhere() -> None:
    """What was settled before this is in force in every process: none goes on for longer with what it read earlier."""
    await asyncio.sleep(pacing.KEPT_SECONDS)


async def settle(shop: Shop, **changes: Any) -> None:
    answer = await shop.agent.put("/api/v1/pacing", json={**FREE, **changes})
    assert answer.status_code == 200, answer.text
    await everywhere()


async def switch(shop: Shop, *, on: bool) -> None:
    """All marketing stopped, or going on."""
    await shop.post(f"/pacing/{'stop' if on else 'resume'}")
    await everywhere()


def text(words: str) -> dict[str, Any]:
    return {"type": "template", "name": "advert", "language": "en_US", "parameters": {"body": {"1": words}}}


async def agrees(shop: Shop, conversation: dict[str, Any], **more: Any) -> Any:
    address = conversation["reach"][0]["address"]
    said = {"address": address, "purposes": ["marketing"], "state": "granted", "way": "paper", "wording": WORDS, **more}
    return await shop.agent.post(f"/api/v1/contacts/{conversation['contact_id']}/consents", json=said)


async def by_api(shop: Shop, conversation: dict[str, Any], words: str, topic: str = "") -> bool:
    body = {"client_id": str(uuid.uuid4()), "content": text(words), "topic": topic}
    return (await shop.agent.post(f"/api/v1/conversations/{conversation['id']}/messages", json=body)).status_code == 202


async def by_macro(shop: Shop, conversation: dict[str, Any], words: str) -> bool:
    action = {**text(words), "account_id": shop.accounts["whatsapp"]}
    macro = await shop.post("/macros", 201, name=f"M {ids.new('x')}", actions=[action])
    body = {"client_id": str(uuid.uuid4()), "conversation_id": conversation["id"]}
    ran = await shop.agent.post(f"/api/v1/macros/{macro['id']}/run", json=body)
    return ran.status_code == 200 and "done" in str(ran.json())


async def by_schedule(shop: Shop, conversation: dict[str, Any], words: str) -> bool:
    body = {"client_id": str(uuid.uuid4()), "content": text(words)}
    body["at"] = (datetime.now(UTC) + timedelta(minutes=5)).isoformat()
    made = await shop.agent.post(f"/api/v1/conversations/{conversation['id']}/deferred", json=body)
    if made.status_code != 201:
        return False
    row_id = made.json()["id"]
    await shop.owner.ws.db.deferred.update({"_id": row_id}, {"$set": {"due_at": datetime.now(UTC)}})
    await deferred.due(shop.owner.ws, row_id)
    return True


async def by_reopener(shop: Shop, conversation: dict[str, Any], words: str) -> bool:
    await close_window(shop, conversation["id"])
    content = {"type": "text", "text": "The answer itself"}
    body = {"client_id": str(uuid.uuid4()), "content": content, "at": None, "opener": text(words)}
    made = await shop.agent.post(f"/api/v1/conversations/{conversation['id']}/deferred", json=body)
    return made.status_code == 201


async def by_incident(shop: Shop, conversation: dict[str, Any], words: str) -> bool:
    await close_window(shop, conversation["id"])
    made = await shop.post("/incidents", 201, title="Down", status_text="", conversation_ids=[conversation["id"]])
    template = {name: value for name, value in text(words).items() if name != "type"}
    body = {"client_id": str(uuid.uuid4()), "text": "We are on it", "template": template}
    posted = await shop.post(f"/incidents/{made['id']}/updates", 202, **body)

    async def look() -> dict[str, Any] | None:
        rows = (await shop.get(f"/incident-updates/{posted['id']}/tellings"))["items"]
        return rows[0] if rows else None

    told = await eventually(look)
    return told["state"] == "sent"


DOORS = (by_api, by_macro, by_schedule, by_reopener, by_incident)


async def test_no_door_lets_marketing_out_without_consent_and_each_does_with_it(shop: Shop) -> None:
    person, conversation = await shop.someone("whatsapp")
    for door in DOORS:
        assert await door(shop, conversation, f"no {door.__name__}") is False, door.__name__
    assert (await agrees(shop, conversation)).status_code == 201
    for door in DOORS:
        assert await door(shop, conversation, f"yes {door.__name__}") is True, door.__name__
        await shop.in_ledger("whatsapp", person["id"], f"yes {door.__name__}")
    assert "no by_" not in str(await shop.ledger(channel="whatsapp", customer=person["id"], direction="out"))
    # An answer to somebody who has just written needs nothing of all that.
    await shop.writes("whatsapp", person["id"], type="text", text="And my order?")
    await shop.entry_where(conversation["id"], lambda e: (e["content"] or {}).get("text") == "And my order?")

    async def open_again() -> bool:
        return bool((await shop.get(f"/conversations/{conversation['id']}"))["reach"][0]["window_open"])

    await eventually(open_again)
    await shop.answers(conversation["id"], "It is on its way")
    await shop.in_ledger("whatsapp", person["id"], "It is on its way")


STEPS = st.lists(
    st.sampled_from(
        [
            "agree",
            "STOP",
            "START",
            "phone stop",
            "kill",
            "live",
            "leave out",
            "let in",
            "ticket",
            "solve",
            "no shoes",
            "shoes",
        ]
    ),
    min_size=2,
    max_size=6,
)


@settings(max_examples=3, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(steps=STEPS)
async def test_whatever_happens_only_valid_consent_lets_marketing_out(shop: Shop, steps: list[str]) -> None:
    person, conversation = await shop.someone("whatsapp")
    contact_id = conversation["contact_id"]
    agreed = stopped = killed = out = complains = declined = False
    may: list[str] = []
    ticket: dict[str, Any] = {}
    try:
        for number, step in enumerate(["", *steps]):
            match step:
                case "agree":
                    answer = await agrees(shop, conversation)
                    assert (answer.status_code == 409) is stopped
                    agreed = agreed or not stopped
                case "STOP" | "START":
                    await shop.writes("whatsapp", person["id"], type="text", text=step)
                    unread = f"after {number} {uuid.uuid4()}"
                    await shop.writes("whatsapp", person["id"], type="text", text=unread)
                    await shop.entry_where(
                        conversation["id"], lambda e, said=unread: (e["content"] or {}).get("text") == said
                    )
                    stopped = step == "STOP"
                case "phone stop":
                    said = {"state": "withdrawn", "way": "phone"}
                    assert (await agrees(shop, conversation, **said)).status_code == 201
                    stopped = True
                case "kill" | "live":
                    await switch(shop, on=step == "kill")
                    killed = step == "kill"
                case "leave out" | "let in":
                    if step == "leave out":
                        await shop.agent.post("/api/v1/suppressions", json={"contact_id": contact_id})
                    else:
                        await shop.agent.delete(f"/api/v1/suppressions/{contact_id}")
                    out = step == "leave out"
                case "no shoes" | "shoes":
                    declined = step == "no shoes"
                    chosen = {"topics": [] if declined else ["shoes"], "words": "", "language": "en", "proof": {}}
                    await preferences.wish(shop.owner.ws, contact_id, every_days=0, **chosen)
                case "ticket":
                    ticket = await shop.post("/tickets", 201, contact_id=contact_id, title="Broken")
                    complains = True
                case "solve" if ticket:
                    for open_ticket in await shop.owner.ws.db.tickets.find({"contact_id": contact_id}, limit=50):
                        path = f"/api/v1/tickets/{open_ticket['_id']}"
                        solved = await shop.agent.patch(path, json={"status": "solved"})
                        assert solved.status_code in (200, 409), solved.text
                    complains = False
            for door in (by_api, by_macro, by_schedule):
                words = f"{number} {door.__name__} {ids.new('x')}"
                allowed = agreed and not (stopped or killed or out or complains)
                assert await door(shop, conversation, words) is allowed, (steps[:number], door.__name__)
                if allowed:
                    may.append(words)
            words = f"{number} shoes {ids.new('x')}"
            about_shoes = agreed and not (stopped or killed or out or complains or declined)
            assert await by_api(shop, conversation, words, "shoes") is about_shoes, (steps[:number], "topic")
            if about_shoes:
                may.append(words)
        for words in may:
            await shop.in_ledger("whatsapp", person["id"], words)
    finally:
        await switch(shop, on=False)
    sent = await shop.ledger(channel="whatsapp", customer=person["id"], direction="out")
    assert sum("template" in str(item["body"]) for item in sent) == len(may)


async def test_what_changes_while_it_waits_is_asked_at_hand_over(shop: Shop) -> None:
    """A stop, the switch: whatever comes before the provider has it keeps it back, with a reason that stays."""
    for code in ("opted_out", "marketing_stopped", "suppressed"):
        person, conversation = await shop.someone("telegram")
        await agrees(shop, conversation)
        await shop.knobs(customers={person["id"]: {"throttle": True}})
        entry = await shop.sends(conversation["id"], {"type": "text", "text": f"Offer {code}"}, purpose="marketing")
        await shop.entry_where(
            conversation["id"], lambda e, known=entry["id"]: e["id"] == known and e["status"] in ("queued", "sending")
        )
        if code == "opted_out":
            await shop.writes("telegram", person["id"], type="text", text="STOP")
            await shop.entry_where(
                conversation["id"], lambda e: e["kind"] == "consent" and e["event"]["state"] != "granted"
            )
        elif code == "suppressed":
            await shop.post("/suppressions", 201, contact_id=conversation["contact_id"], reason="Press")
        else:
            await switch(shop, on=True)
        # The provider takes nothing until it was kept back: whatever was under way before is refused there.
        skipped = await shop.entry_where(
            conversation["id"], lambda e, known=entry["id"]: e["id"] == known and e["status"] == "skipped"
        )
        assert skipped["error"]["code"] == code
        assert skipped["error"]["message"].endswith(".")
        again = await shop.agent.post(f"/api/v1/entries/{entry['id']}/resend")
        assert (again.status_code, again.json()["code"]) == (409, code)
        await switch(shop, on=False)
        await shop.knobs(customers={person["id"]: {"throttle": None}})
        await shop.answers(conversation["id"], "About your order")
        await shop.in_ledger("telegram", person["id"], "About your order")
        assert "Offer" not in str(await shop.ledger(customer=person["id"], direction="out"))


async def test_the_switch_reaches_every_process_within_five_seconds(shop: Shop) -> None:
    async with open_runtime(shop.runtime.settings) as elsewhere:
        ws = elsewhere.workspace(shop.owner.ws.id)
        assert (await pacing.settled(ws)).stopped is None
        at = datetime.now(UTC)
        await shop.post("/pacing/stop", reason="Wrong price")

        async def known() -> pacing.Stopped | None:
            return (await pacing.settled(ws)).stopped

        stopped = await eventually(known, seconds=5)
        assert (stopped.by, stopped.reason) == (shop.owner.member.name, "Wrong price")
        assert stopped.at >= at - timedelta(seconds=1)
    await switch(shop, on=False)
    # Who only answers customers cannot press it, who markets can.
    for role, status in ((Role.AGENT, 403), (Role.MARKETER, 200)):
        someone = await shop.people.join(shop.owner.ws, role)
        assert (await someone.client.post("/api/v1/pacing/resume")).status_code == status


async def test_at_night_it_waits_and_an_answer_does_not(shop: Shop) -> None:
    person, conversation = await shop.someone("telegram")
    await agrees(shop, conversation)
    now = datetime.now(UTC)
    # Open for half an hour, twelve hours from now; no number, so the zone that is settled.
    start = ((now + timedelta(hours=12)).hour * 60) % 1440
    week = [{"start": start, "end": start + 30}] * 7
    await settle(shop, quiet={"enabled": True, "week": week, "presets": False, "zone": "UTC", "spread_minutes": 10})
    try:
        offer = {"type": "text", "text": "An offer at night"}
        entry = await shop.sends(conversation["id"], offer, purpose="marketing")
        held = await shop.entry_where(
            conversation["id"], lambda e: e["id"] == entry["id"] and (e["error"] or {}).get("code") == "quiet_hours"
        )
        assert held["status"] == "queued"
        # What somebody answers meanwhile overtakes it.
        await shop.answers(conversation["id"], "Good night to you, too")
        await shop.in_ledger("telegram", person["id"], "Good night")
        now_page = await shop.get(f"/contacts/{conversation['contact_id']}/marketing")
        assert (now_page["items"][0]["state"], now_page["items"][0]["code"]) == ("waits", "quiet_hours")
        assert "An offer" not in str(await shop.ledger(customer=person["id"], direction="out"))
        # Too long to wait is not sent at all.
        await settle(shop, quiet={"enabled": True, "week": week, "presets": False, "give_up_hours": 1})
        body = {"client_id": str(uuid.uuid4()), "content": offer, "purpose": "marketing"}
        late = await shop.agent.post(f"/api/v1/conversations/{conversation['id']}/messages", json=body)
        assert (late.status_code, late.json()["code"]) == (409, "too_late")
    finally:
        await settle(shop)
    row = await shop.owner.ws.db.entries.get(entry["id"])
    assert row is not None
    assert row["held_until"] > now + timedelta(hours=11)
    assert "outbox_key" not in row
    # The hour has come.
    await shop.owner.ws.db.held_messages.update({"_id": entry["id"]}, {"$set": {"until": now}})
    await shop.in_ledger("telegram", person["id"], "An offer at night")


async def test_a_handle_is_left_out_however_it_was_typed(shop: Shop) -> None:
    person, conversation = await shop.someone("sms")
    await agrees(shop, conversation)
    assert [each["state"] for each in (await marketing_now(shop, conversation))] == ["yes"]
    number = person["phone"]
    typed = f"SMS: {number[:2]} ({number[2:5]}) {number[5:8]}-{number[8:]}"
    made = await shop.post("/suppressions", 201, address=typed)
    assert made["label"] == f"sms:{number}"
    assert [each["code"] for each in (await marketing_now(shop, conversation))] == ["suppressed"]
    assert (await shop.agent.delete(f"/api/v1/suppressions/{made['id']}")).status_code == 204
    for wrong in ("sms:hello?", "pigeon:+12025550123", "sms:12"):
        refused = await shop.agent.post("/api/v1/suppressions", json={"address": wrong})
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "address")


async def marketing_now(shop: Shop, conversation: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await shop.get(f"/contacts/{conversation['contact_id']}/marketing"))["items"]
    return found


async def test_what_waits_at_the_provider_does_not_arrive_at_night(shop: Shop) -> None:
    person, conversation = await shop.someone("sms")
    await agrees(shop, conversation)
    there = datetime.now(ZoneInfo("America/New_York"))
    # Open for another half an hour or so, by the clock of Washington's area code.
    end = min(1440, ((there.hour * 60 + there.minute) // 15 + 3) * 15)
    week = [{"start": 15 if end == 1440 else 0, "end": end}] * 7
    await settle(shop, quiet={"enabled": True, "week": week, "presets": False, "spread_minutes": 0})
    try:
        await shop.sends(conversation["id"], {"type": "text", "text": "An offer for today"}, purpose="marketing")
        await shop.answers(conversation["id"], "An answer at any time")
        offer = await shop.in_ledger("sms", person["id"], "An offer for today")
        answer = await shop.in_ledger("sms", person["id"], "An answer")
    finally:
        await settle(shop)
    closes = there.replace(hour=0, minute=0, second=0) + timedelta(minutes=end)
    assert abs(offer["body"]["validity_seconds"] - (closes - there).total_seconds()) < 90
    assert "validity_seconds" not in answer["body"]


async def test_caps_hold_for_all_parts_of_a_message_as_one(shop: Shop) -> None:
    person, conversation = await shop.someone("sms")
    await agrees(shop, conversation)
    await settle(shop, caps=[{"most": 1, "days": 1, "rolling": True}])
    try:
        long = "An offer. " * 200
        await shop.sends(conversation["id"], {"type": "text", "text": long}, purpose="marketing")

        async def all_there() -> bool:
            entries = [e for e in await shop.thread(conversation["id"]) if e["direction"] == "out"]
            return len(entries) > 1 and all(e["status"] in ("sent", "delivered") for e in entries)

        await eventually(all_there)
        body = {"client_id": str(uuid.uuid4()), "content": {"type": "text", "text": "More"}, "purpose": "marketing"}
        refused = await shop.agent.post(f"/api/v1/conversations/{conversation['id']}/messages", json=body)
        assert (refused.status_code, refused.json()["code"]) == (409, "frequency_cap")
        await shop.answers(conversation["id"], "An answer is no offer")
        await shop.in_ledger("sms", person["id"], "no offer")
    finally:
        await settle(shop)


async def test_the_control_group_gets_none(shop: Shop) -> None:
    _, conversation = await shop.someone("sms")
    await agrees(shop, conversation)
    contact_id = conversation["contact_id"]
    shares = [n for n in range(51) if pacing.in_control(n, shop.owner.ws.id, contact_id)]
    await settle(shop, control_percent=50)
    try:
        found = (await shop.get(f"/contacts/{contact_id}/marketing"))["items"][0]
        assert found["code"] == ("control_group" if shares else None)
    finally:
        await settle(shop)


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"quiet": {"zone": "Nowhere/Land"}}, "quiet.zone"),
        ({"quiet": {"week": [{"start": 0, "end": 0}] * 7}}, "quiet.week"),
        ({"quiet": {"week": [{"start": 600, "end": 540}] * 7}}, "quiet.week.0"),
        ({"caps": [{"most": 0}]}, "caps.0.most"),
        ({"control_percent": 51}, "control_percent"),
    ],
)
async def test_settings_that_cannot_be(shop: Shop, settings: dict[str, Any], field: str) -> None:
    answer = await shop.agent.put("/api/v1/pacing", json=settings)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"].startswith(field)


def test_there_is_no_other_way_out() -> None:
    """Only delivery calls a provider's `send`; only the outbox makes messages, and both ask the gate."""
    calls: dict[str, set[str]] = {}
    for path in (*Path("inbox").rglob("*.py"), *Path("automations").rglob("*.py"), *Path("web").rglob("*.py")):
        if "node_modules" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Attribute) and ast.unparse(node) == "adapter.send":
                calls.setdefault("send", set()).add(str(path))
            if isinstance(node, ast.keyword) and node.arg == "outbox_key" and ast.unparse(node.value) != "None":
                calls.setdefault("outbox_key", set()).add(str(path))
    assert calls["send"] == {"inbox/delivery.py"}
    assert calls["outbox_key"] == {"inbox/outbox.py", "inbox/delivery.py"}
    for path in ("inbox/outbox.py", "inbox/delivery.py"):
        assert "gate.ask(" in Path(path).read_text("utf-8")
    # Mailings ask for all of a batch when it is queued, and of a window right before it is handed over.
    handed_over = {
        str(path) for path in Path("inbox").rglob("*.py") if "delivery.hand_over(" in path.read_text("utf-8")
    }
    assert handed_over == {"inbox/mailings/lane.py"}
    for path in ("inbox/mailings/mailings.py", "inbox/mailings/lane.py"):
        assert "gate.ask_many(" in Path(path).read_text("utf-8")


LIVES = st.lists(
    st.tuples(
        st.sampled_from(["", "granted", "withdrawn", "held"]),
        st.booleans(),
        st.sampled_from([None, "customer", "lead"]),
        st.integers(0, 3),
        st.sampled_from([None, 2, 30]),
    ),
    min_size=1,
    max_size=25,
)


@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(lives=LIVES)
async def test_many_at_once_are_judged_as_each_alone(
    shop: Shop, lives: list[tuple[str, bool, str | None, int, int | None]]
) -> None:
    """Consent, suppression, stage, control group, caps, precedence, the hour: the same verdict, code and words."""
    ws, now = shop.owner.ws, datetime.now(UTC)
    week = (pacing.Open(start=0, end=0), *(pacing.Open(start=0, end=1440),) * 6)
    quiet = pacing.QuietHours(week=week, presets=False)
    settled = pacing.Pacing(quiet=quiet, caps=(pacing.Cap(most=2, days=1, rolling=True),), stages=("customer",))
    await pacing.save(ws, settled.model_copy(update={"control_percent": 20}))
    asked = []
    try:
        for said, left_out, stage, had, rival in lives:
            address = Address("whatsapp", f"+12025553{next(_numbers):03d}{had}")
            known = await contacts.resolve(ws, address, profile=Profile(name="Noor"))
            await contacts.change(ws, known.contact_id, lambda contact, s=stage: replace(contact, stage=s))
            if said:
                fact = consent.ConsentFact(
                    contact_id=known.contact_id,
                    address=address,
                    purposes=("marketing",),
                    state=said,  # type: ignore[arg-type]
                    source="form",
                    evidence=ids.new("x"),
                    at=now,
                )
                await consent.record(ws, fact)
            for number in range(had):
                await pacing.note(ws, known.contact_id, pacing.Sent(f"m{number}", now, "whatsapp"))
            if left_out:
                row = pacing.Suppression(
                    id="", key=str(address), label="", reason="Press", at=now, by="Olu", kind="address"
                )
                await pacing_store.suppress(ws, row)
            ahead = (pacing.Claim("Recall", 90, now + timedelta(hours=rival), "whatsapp"),) if rival else ()
            asked.append(
                gate.Asked(address=address, purpose="marketing", sender="acc_1", key=str(address), ahead=ahead)
            )
        asked.append(gate.Asked(address=Address("whatsapp", "+12025550000"), purpose="service", sender="acc_1"))

        async def none(_: object) -> set[str]:
            return set()

        together = await gate.ask_many(ws, asked, complaints=none)
        for question, verdict in zip(asked, together, strict=True):
            (alone,) = await gate.ask_many(ws, [question], complaints=none)
            assert type(alone) is type(verdict)
            if isinstance(alone, AppError) and isinstance(verdict, AppError):
                assert (alone.code, alone.detail) == (verdict.code, verdict.detail)
                # Or it would hold all the others who were asked about.
                assert verdict.__traceback__ is None
    finally:
        await settle(shop)
