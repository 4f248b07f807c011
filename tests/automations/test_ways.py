"""Broadcasts on several ways: WhatsApp else SMS as one message, templates with files, hours, caps, and taking back."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.core.addresses import Address
from app.core.platform.broadcasts import follow_up
from automations import rolls, runs
from automations.rolls import Place
from automations.store import rolls as roll_rows
from automations.store import runs as run_rows
from crm import contacts
from crm.contacts import Profile
from inbox.mailings import mailings
from tests.support.broadcasts import (
    BROADCASTS,
    agree,
    begun,
    checked,
    counted,
    draft,
    got,
    later,
    progress,
    reasons,
    rows,
    state_of,
    text,
    why,
)
from tests.support.shop import Shop, eventually

pytestmark = pytest.mark.usefixtures("any_hour")

PHOTO = (Path("sandbox/samples") / "photo.jpg").read_bytes()


async def reachable(shop: Shop, name: str, *ways: str, agrees: str = "", **known: Any) -> str:
    """Somebody with these handles who has agreed on all of them (or on those of `agrees`); their contact id."""
    person = await shop.customer(name=name, **known)
    made = ""
    for way in ways:
        value = person["telegram_id"] if way == "telegram" else person["phone"]
        address, profile = Address(way, str(value)), Profile(name=name)
        if way == "telegram":
            await shop.writes("telegram", person["id"], type="start")
        if made:
            await contacts.join(shop.owner.ws, made, address, profile)
        else:
            made = (await contacts.resolve(shop.owner.ws, address, profile=profile)).contact_id
        if way in (agrees or ways):
            await agree(shop, made, address)
    return made


def template(name: str, language: str, **parameters: Any) -> dict[str, Any]:
    return {"type": "template", "name": name, "language": language, "parameters": parameters}


async def test_by_whatsapp_else_by_text_is_one_message(shop: Shop) -> None:
    owner = shop.owner
    await shop.post(f"/accounts/{shop.accounts['whatsapp']}/templates/sync")
    silent = {"status_delay_ms": {"sent": 1, "delivered": 3_600_000, "read": 1}}
    both = ("whatsapp", "sms")
    who = {
        "Amy": await reachable(shop, "Amy", *both),
        "Bob": await reachable(shop, "Bob", *both, on_whatsapp=False),
        "Cyd": await reachable(shop, "Cyd", *both, id="cyd"),
        "Dee": await reachable(shop, "Dee", "sms"),
        "Eve": await reachable(shop, "Eve", *both, id="eve"),
        "Fay": await reachable(shop, "Fay", *both, agrees="whatsapp", on_whatsapp=False),
        "Gil": await reachable(shop, "Gil", "telegram"),
        "Hal": await reachable(shop, "Hal", *both, id="hal"),
    }
    # An experiment of WhatsApp's own, which lets no marketing through to some.
    await shop.knobs(customers={"cyd": silent, "eve": silent, "hal": {"fail_next": {"code": 130472, "count": 1}}})
    named = {"first_name": "{{ contact.first_name }}", "code": "HELLO10"}
    made = await begun(
        owner,
        account_id=shop.accounts["whatsapp"],
        audience={"contacts": list(who.values())},
        variants=[{"wordings": [{"language": None, "content": template("welcome_named", "en", body=named)}]}],
        fallbacks=[
            {
                "account_id": shop.accounts["sms"],
                "after_minutes": 5,
                "wordings": [text("By text {{ contact.first_name }}")],
            }
        ],
    )

    async def all_of_the_first_way() -> bool:
        tally = (await progress(owner, made))["ways"]
        return (
            bool(tally)
            and tally[0]["tally"]["delivered"] == 1
            and sum(reasons(tally[0]["tally"]["failed"]).values()) == 3
        )

    await eventually(all_of_the_first_way)
    # Whom it failed with need not wait for the deadline of the others: it is looked at again within the minute.
    now = await progress(owner, made)
    assert datetime.fromisoformat(now["next_look"]) <= shop.owner.ws.clock.now() + timedelta(minutes=1)
    # Her time for the second way has not come, and will not: she says stop on the first.
    await shop.writes("sms", "eve", type="text", text="STOP")

    async def stopped() -> bool:
        return bool((await progress(owner, made))["tally"]["opted_out"] == 1)

    await eventually(stopped)
    with later(shop, timedelta(minutes=6)):
        done = await counted(owner, made, "done")
    assert await got(shop, "By text") == ["Bob", "Cyd", "Dee", "Hal"]
    tally = done["tally"]
    assert (done["people"], done["unexplained"], tally["total"], tally["sent"]) == (8, 0, 7, 6)
    assert (reasons(done["left_out"]), reasons(tally["failed"])) == ({"no_address": 1}, {})
    # Text messages tell nobody who has read them: they are in no share of it.
    by_whatsapp, by_text = [way["tally"] for way in done["ways"]]
    assert (by_text["read"], by_text["read_of"]) == (None, None)
    assert (tally["delivered"], tally["delivered_of"]) == (
        by_whatsapp["delivered"] + by_text["delivered"],
        tally["sent"],
    )
    assert (tally["read"], tally["read_of"]) == (by_whatsapp["read"], by_whatsapp["delivered"])
    assert reasons(tally["skipped"]) == {"no_consent": 1}
    table = await rows(owner, made)
    last = {row["contact_id"]: row for row in table if not row["tried_again"]}
    assert len(last) == 8
    assert Counter((row["contact_id"], row["attempt"]) for row in table).most_common(1)[0][1] == 1
    channels = {name: last[contact_id]["channel"] for name, contact_id in who.items()}
    assert channels == {
        "Amy": "whatsapp",
        "Bob": "sms",
        "Cyd": "sms",
        "Dee": "sms",
        "Eve": "whatsapp",
        "Fay": "sms",
        "Gil": "",
        "Hal": "sms",
    }
    for name, outcome, words in (
        ("Amy", "reached", "They got it by whatsapp"),
        ("Bob", "reached", "by sms"),
        ("Cyd", "reached", "by sms"),
        ("Dee", "reached", "by sms"),
        ("Hal", "reached", "by sms"),
        ("Eve", "reached", "by whatsapp"),
        ("Fay", "left_out", "has not agreed"),
        ("Gil", "left_out", "no handle"),
    ):
        found = await why(owner, made, who[name])
        assert (found[0], words in found[1]) == (outcome, True), found


async def test_each_goes_another_way_when_their_own_outcome_is_certain(shop: Shop) -> None:
    owner = shop.owner
    await shop.post(f"/accounts/{shop.accounts['whatsapp']}/templates/sync")
    both = ("whatsapp", "sms")
    ids = {await reachable(shop, name, *both, id=name.lower()): name for name in ("Uma", "Val", "Wes")}
    off, quiet, late = [ids[contact_id] for contact_id in sorted(ids)]
    fails = {"fail_next": {"code": 130472, "count": 1}}
    silent = {"status_delay_ms": {"sent": 1, "delivered": 3_600_000, "read": 1}}
    await shop.knobs(customers={off.lower(): fails, quiet.lower(): silent, late.lower(): fails})
    named = {"first_name": "{{ contact.first_name }}", "code": "HELLO10"}
    wording = text("Another way {{ contact.first_name }}")
    made = await begun(
        owner,
        account_id=shop.accounts["whatsapp"],
        audience={"contacts": list(ids)},
        variants=[{"wordings": [{"language": None, "content": template("welcome_named", "en", body=named)}]}],
        # The third person's turn has not come yet, and nobody waits for it.
        trial={"people": 2, "wait_minutes": 60, "then": "go_on", "failure_percent": 100},
        fallbacks=[{"account_id": shop.accounts["sms"], "after_minutes": 5, "wordings": [wording]}],
    )

    async def had(*names: str) -> None:
        async def look() -> bool:
            return await got(shop, "Another way") == sorted(names)

        await eventually(look)

    async def pages() -> int:
        run = await runs.of(owner.ws, made)
        return run.ways[0].pages if run is not None and run.ways else 0

    async def taken_over(count: int) -> None:
        async def look() -> bool:
            return await pages() == count

        await eventually(look)

    async def forgotten() -> list[Place] | None:
        places = await roll_rows.places(owner.ws, made, "fallback0", 0) or []
        return None if any(each.address for each in places) else places

    await had(off)
    await taken_over(1)
    # Killed before it was noted that they were taken over, it goes on from there, and nobody gets anything twice.
    (place,) = await eventually(forgotten)
    phone = (await contacts.addresses_of(owner.ws, place.contact_id))[-1].address
    assert phone.kind == "sms"
    await roll_rows.set_places(owner.ws, made, "fallback0", 0, [replace(place, address=str(phone))])
    await run_rows.set(owner.ws, made, {"ways": ()})
    await runs.awake(owner.ws, made, owner.ws.clock.now())
    await taken_over(1)
    with later(shop, timedelta(minutes=6)):
        await had(off, quiet)
        await taken_over(2)
    with later(shop, timedelta(minutes=61)):
        await had(off, quiet, late)
        done = await counted(owner, made, "done")
    assert (done["people"], done["unexplained"]) == (3, 0)
    assert (done["tally"]["total"], done["tally"]["sent"], reasons(done["tally"]["failed"])) == (3, 3, {})
    assert await got(shop, "Another way") == ["Uma", "Val", "Wes"]
    # Its correction goes the same ways, and does not say the old words on any of them.
    fixed = (await owner.client.post(f"{BROADCASTS}/{made}/correct")).json()
    assert fixed["plan"]["fallbacks"] == [{"account_id": shop.accounts["sms"], "after_minutes": 5, "wordings": []}]
    missing = await owner.client.post(f"{BROADCASTS}/{fixed['id']}/submit")
    assert [each["field"] for each in missing.json()["errors"]] == ["fallbacks.0.wordings"]


async def test_who_was_passed_over_before_an_upgrade_is_not_asked_about_again(shop: Shop) -> None:
    owner, db = shop.owner, shop.runtime.mongo
    await shop.post(f"/accounts/{shop.accounts['whatsapp']}/templates/sync")
    ids = [await reachable(shop, name, "whatsapp", "sms", on_whatsapp=False) for name in ("Xan", "Yve", "Zoe")]
    named = {"first_name": "{{ contact.first_name }}", "code": "HELLO10"}
    wording = text("After an upgrade {{ contact.first_name }}")
    made = await draft(
        owner,
        account_id=shop.accounts["whatsapp"],
        audience={"contacts": ids},
        variants=[{"wordings": [{"language": None, "content": template("welcome_named", "en", body=named)}]}],
        fallbacks=[{"account_id": shop.accounts["sms"], "after_minutes": 5, "wordings": [wording]}],
    )
    # What an older version leaves behind: a mailing that nobody follows, of which two people were looked at.
    plain = await draft(owner, **{**made["plan"], "fallbacks": []})
    await checked(owner, plain["id"])
    assert (await owner.client.post(f"{BROADCASTS}/{plain['id']}/start", json={"people": 3})).status_code == 200
    await counted(owner, plain["id"], "done")
    old = mailings.id_for(owner.ws, rolls.source_of(plain["id"], 0))
    await db.mailings.update_one({"_id": old}, {"$unset": {"followed": ""}})
    row = await db.broadcasts.find_one({"_id": made["id"]})
    assert row is not None
    await db.broadcasts.update_one({"_id": plain["id"]}, {"$set": {"plan": row["plan"], "state": "running"}})
    way = {"after": f"{old.removeprefix('mlg_')}.0.1", "tried": False, "pages": 0, "passed": 0}
    await db.broadcast_runs.update_one({"_id": plain["id"]}, {"$set": {"ways": [way]}})
    await follow_up(db, owner.ws.clock)
    await runs.awake(owner.ws, plain["id"], owner.ws.clock.now())
    await counted(owner, plain["id"], "done")
    last = dict(zip(ids, ("Xan", "Yve", "Zoe"), strict=True))[sorted(ids)[2]]
    assert await got(shop, "After an upgrade") == [last]


async def test_all_ways_spend_of_one_budget(shop: Shop) -> None:
    owner = shop.owner
    await shop.post(f"/accounts/{shop.accounts['whatsapp']}/templates/sync")
    for channel, category, amount in (("whatsapp", "marketing", "0.05"), ("sms", "sms", "0.06")):
        price = {"country": "US", "category": category, "amount": amount, "currency": "USD"}
        path = f"/api/v1/accounts/{shop.accounts[channel]}/prices"
        answer = await shop.agent.put(path, json={"prices": [price], "revision": 0})
        assert answer.status_code == 200, answer.text
    both = ("whatsapp", "sms")
    on = [await reachable(shop, f"On{number}", *both) for number in range(3)]
    off = [await reachable(shop, f"Off{number}", *both, on_whatsapp=False) for number in range(3)]
    named = {"first_name": "{{ contact.first_name }}", "code": "HELLO10"}
    made = await begun(
        owner,
        account_id=shop.accounts["whatsapp"],
        audience={"contacts": [*on, *off]},
        variants=[{"wordings": [{"language": None, "content": template("welcome_named", "en", body=named)}]}],
        fallbacks=[
            {
                "account_id": shop.accounts["sms"],
                "after_minutes": 5,
                "wordings": [text("Budgeted {{ contact.first_name }}")],
            }
        ],
        # It does for all by WhatsApp. Three of them and two by text come to 27 cents; one more would exceed it.
        budget_minor=30,
    )

    async def all_of_the_first_way() -> bool:
        ways = (await progress(owner, made))["ways"]
        tally = ways[0]["tally"] if ways else {"delivered": 0, "failed": []}
        return (tally["delivered"], sum(reasons(tally["failed"]).values())) == (3, 3)

    await eventually(all_of_the_first_way)
    with later(shop, timedelta(minutes=6)):
        paused = await state_of(owner, made, "paused")
        assert paused["reason"] == {"code": "guard", "message": "The budget is used up."}
        now = await progress(owner, made)
        assert (now["spent_minor"], now["budget_minor"], now["tally"]["sent"]) == (27, 30, 5)
        assert [way["tally"]["sent"] for way in now["ways"]] == [3, 2]
        assert len(await got(shop, "Budgeted")) == 2
        # Raised to what the last one costs, it goes on; a cent less would not do.
        path = f"{BROADCASTS}/{made}"
        for budget, sent, spent, state in ((32, 5, 27, "paused"), (33, 6, 33, "done")):
            assert (await shop.agent.patch(path, json={"budget_minor": budget})).status_code == 200
            assert (await shop.agent.post(f"{path}/resume", json={})).status_code == 200
            over = await counted(owner, made, state)
            assert (over["tally"]["sent"], over["spent_minor"]) == (sent, spent)
    assert await got(shop, "Budgeted") == ["Off0", "Off1", "Off2"]
    # The table adds up to the same: what failed cost nothing.
    assert sum(Decimal(row["cost"]) for row in await rows(owner, made)) == Decimal("0.33")


async def test_a_template_with_a_picture_in_two_languages(shop: Shop) -> None:
    owner = shop.owner
    account_id = shop.accounts["whatsapp"]
    await shop.post(f"/accounts/{account_id}/templates/sync")
    uploaded = await shop.agent.post("/api/v1/files", files={"file": ("lamp.jpg", PHOTO, "image/jpeg")})
    picture = uploaded.json()["file_id"]
    who = {name: await reachable(shop, name, "whatsapp") for name in ("Ana", "Ben", "Cai", "Dina")}
    for name, known in {"Ben": {"language": "de"}, "Cai": {"language": "pt-BR"}, "Dina": {"language": "pt"}}.items():
        known |= {"stage": "customer"} if name == "Dina" else {}
        answer = await shop.agent.patch(f"/api/v1/contacts/{who[name]}", json=known)
        assert answer.status_code == 200, answer.text
    numbered = template("new_collection", "en_US", body={"1": "{{ contact.first_name }}"}, header_file_id=picture)
    # What the provider would refuse with everybody is refused here.
    uploaded = await shop.agent.post("/api/v1/files", files={"file": ("prices.txt", b"Lamps", "text/plain")})
    wrong = numbered | {"parameters": numbered["parameters"] | {"header_file_id": uploaded.json()["file_id"]}}
    kept = {"account_id": account_id, "audience": {"contacts": [who["Ana"]]}}
    made = await draft(owner, **kept, variants=[{"wordings": [{"language": None, "content": wrong}]}])
    refused = (await owner.client.post(f"{BROADCASTS}/{made['id']}/check")).json()
    assert refused["detail"] == "This channel does not take text/plain as image."
    assert refused["errors"][0]["field"] == "variants.0.wordings.0.content.parameters"
    values = {"first_name": "{{ contact.first_name }}", "code": "{{ contact.stage }}"}
    by_name = template("welcome_named", "en", body=values)
    made = await draft(
        owner,
        account_id=account_id,
        audience={"contacts": list(who.values())},
        variants=[{"wordings": [{"language": None, "content": numbered}, {"language": "pt", "content": by_name}]}],
    )
    path = f"{BROADCASTS}/{made['id']}"
    # Of one nobody knows what the second wording says: named before it goes, and told why afterwards.
    found = await checked(owner, made["id"])
    assert (found["willing"], reasons(found["steps"])) == (3, {"missing_variable": 1})
    assert found["missing"] == [{"key": "contact.stage", "count": 1}]
    named = await owner.client.get(f"{path}/check/people", params={"reason": "missing_variable"})
    assert [each["contact_id"] for each in named.json()["items"]] == [who["Cai"]]
    assert (await owner.client.post(f"{path}/start", json={"people": 3})).status_code == 200
    done = await counted(owner, made["id"], "done")
    assert (done["tally"]["sent"], reasons(done["left_out"]), done["unexplained"]) == (3, {"missing_variable": 1}, 0)
    outcome, sentence = await why(owner, made["id"], who["Cai"])
    assert (outcome, "contact.stage" in sentence) == ("left_out", True)
    sent = await shop.ledger(channel="whatsapp", direction="out")
    said = {str(each["body"]) for each in sent if any(name in str(each["body"]) for name in ("Ana", "Ben", "Dina"))}
    assert sorted("new_collection" in words for words in said) == [False, True, True]
    assert any("Dina" in words and "customer" in words.lower() and "welcome_named" in words for words in said), said
    languages = {row["contact_id"]: row["language"] for row in await rows(owner, made["id"])}
    assert [languages[who[name]] for name in ("Ana", "Ben", "Dina")] == ["", "", "pt"]


async def test_hours_and_caps_hold_between_two_at_once(shop: Shop) -> None:
    owner, sender = shop.owner, shop.accounts["sms"]
    who = {name: await reachable(shop, name, "sms") for name in ("Ida", "Jon", "Kim", "Lou", "Mia", "Nat")}
    settled = (await shop.get("/pacing"))["settings"]
    once = {"most": 1, "days": 1, "channel": None, "rolling": False}
    assert (await shop.agent.put("/api/v1/pacing", json={**settled, "caps": [once]})).status_code == 200
    plan = {"account_id": sender, "audience": {"contacts": list(who.values())}}
    both = []
    for words in ("Coats", "Boots"):
        made = await draft(owner, **plan, variants=[{"wordings": [text(f"{words} {{{{ contact.first_name }}}}")]}])
        await checked(owner, made["id"])
        both.append(made["id"])
    for each in both:
        assert (await owner.client.post(f"{BROADCASTS}/{each}/start", json={"people": 6})).status_code == 200
    skipped = 0
    for each in both:
        done = await counted(owner, each, "done")
        assert (done["tally"]["total"], done["unexplained"]) == (6, 0)
        skipped += reasons(done["tally"]["skipped"]).get("frequency_cap", 0)
    # Each person has had one of the two, and no more.
    assert sorted(await got(shop, "Coats") + await got(shop, "Boots")) == sorted(who)
    assert skipped == 6

    # Where it is the middle of the night for somebody, they get it when it is over, and nobody else waits.
    now = datetime.now(UTC)
    zones = {"+1202555": "America/New_York", "+23320123": "Africa/Accra", "+81312340": "Asia/Tokyo"}
    local = {prefix: now.astimezone(ZoneInfo(zone)) for prefix, zone in zones.items()}
    awake = next(prefix for prefix, at in local.items() if 3 <= at.hour <= 20)
    asleep = next(prefix for prefix in zones if prefix != awake)
    hour = local[awake].hour * 60
    week = [{"start": hour - 120, "end": hour + 180}] * 7
    quiet = {**settled["quiet"], "enabled": True, "presets": False, "week": week, "spread_minutes": 0}
    assert (await shop.agent.put("/api/v1/pacing", json={**settled, "caps": [], "quiet": quiet})).status_code == 200
    up = await reachable(shop, "Up", "sms", phone=f"{awake}7071")
    night = await reachable(shop, "Night", "sms", phone=f"{asleep}7072")
    words = [{"wordings": [text("At night {{ contact.first_name }}")]}]
    made = await begun(owner, account_id=sender, audience={"contacts": [up, night]}, variants=words)

    async def one_waits() -> dict[str, Any] | None:
        tally = (await progress(owner, made))["tally"]
        return tally if (tally["sent"], tally["waiting"]) == (1, 1) else None

    await eventually(one_waits)
    assert (await why(owner, made, night))[0] == "waiting"
    mailing = await mailings.find(owner.ws, ("broadcast", made))
    assert mailing is not None
    waiting = await mailings.outcome(owner.ws, mailing.id, night)
    assert waiting is not None
    assert waiting.due_at is not None
    with later(shop, waiting.due_at - datetime.now(UTC) + timedelta(seconds=5)):
        done = await counted(owner, made, "done")
    assert (await got(shop, "At night"), done["unexplained"]) == (["Night", "Up"], 0)


async def test_it_is_taken_back_and_put_right_for_exactly_those_who_had_it(shop: Shop) -> None:
    owner = shop.owner
    who = {name: await reachable(shop, name, "telegram") for name in ("Pia", "Rob", "Sam", "Tia")}
    words = [{"wordings": [text("Wrong price {{ contact.first_name }}")]}]
    plan = {"account_id": shop.accounts["telegram"], "audience": {"contacts": list(who.values())}, "variants": words}
    made = await begun(owner, **plan, rate=1)
    path = f"{BROADCASTS}/{made}"

    async def some() -> bool:
        return bool((await progress(owner, made))["tally"]["sent"])

    await eventually(some)
    recalled = (await owner.client.post(f"{path}/recall")).json()
    assert (recalled["state"], recalled["may"]["recall"], recalled["may"]["correct"]) == ("cancelled", False, True)

    async def taken_back() -> dict[str, Any] | None:
        now = await progress(owner, made)
        return now if now["recall"] and now["recall"]["done"] else None

    over = await eventually(taken_back)
    had = await got(shop, "Wrong price", "telegram")
    assert over["recall"] == {"deleted": len(had), "failed": 0, "done": True}
    assert (over["tally"]["sent"], over["tally"]["cancelled"], over["unexplained"]) == (len(had), 4 - len(had), 0)
    # Telegram tells nothing of what arrived: unknown, and no zero.
    unknown = ("delivered", "delivered_of", "read", "read_of")
    assert [over["tally"][name] for name in unknown] == [None] * 4
    (arm,) = (await owner.client.get(f"{path}/report")).json()["variants"]
    assert (arm["delivered"], arm["read"]) == (None, None)
    ledger = await shop.ledger(channel="telegram", direction="out")
    assert all(each["marks"].get("deleted") for each in ledger if "Wrong price" in str(each["body"]))
    assert "taken back from their screen" in (await why(owner, made, who[had[0]]))[1]
    fixed = (await owner.client.post(f"{path}/correct")).json()
    sorry = [{"wordings": [text("Right price {{ contact.first_name }}")]}]
    changed = await owner.client.patch(f"{BROADCASTS}/{fixed['id']}", json={"variants": sorry, "rate": None})
    assert changed.status_code == 200, changed.text
    assert (await checked(owner, fixed["id"]))["willing"] == len(had)
    assert (await owner.client.post(f"{BROADCASTS}/{fixed['id']}/start", json={"people": len(had)})).status_code == 200
    await counted(owner, fixed["id"], "done")
    assert await got(shop, "Right price", "telegram") == had
    copied = (await owner.client.post(f"{path}/clone")).json()
    assert (copied["state"], copied["name"], copied["corrects"]) == ("draft", "Spring sale (copy)", None)
    assert copied["plan"]["audience"] == recalled["plan"]["audience"]
