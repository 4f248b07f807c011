"""Broadcasts before they go: drafts that several people write, who gets them and who does not, and the second yes."""

import csv
import io
from datetime import timedelta
from typing import Any

import httpx
import pytest

from app.core.addresses import Address
from app.core.permissions import SYSTEM
from automations import broadcasts, experiments, runs
from crm import contacts
from crm.contacts import Profile
from inbox.mailings import mailings
from tests.support.broadcasts import (
    BROADCASTS,
    agree,
    checked,
    counted,
    customer,
    draft,
    listed,
    text,
)
from tests.support.shop import Shop, eventually

pytestmark = pytest.mark.usefixtures("any_hour")


async def test_who_gets_it_who_does_not_and_what_it_costs(shop: Shop) -> None:
    owner, ws = shop.owner, shop.owner.ws
    price = {"country": "US", "category": "sms", "amount": "0.0083", "currency": "USD"}
    path = f"/api/v1/accounts/{shop.accounts['sms']}/prices"
    assert (await owner.client.put(path, json={"prices": [price], "revision": 0})).status_code == 200
    ana = await customer(shop, "Ana Kovacs")
    joao = await customer(shop, "João Lima", language="pt-BR")
    never = await customer(shop, "Nil Never", agrees=False)
    left_out = await customer(shop, "Eve Excluded")
    nameless = (
        await contacts.resolve(ws, Address("telegram", "5550001"), profile=Profile(name="Tom Telegram"))
    ).contact_id
    both = await listed(owner, "Both", [ana, joao, never, left_out, nameless])
    again = await listed(owner, "Again", [ana, joao])
    staff = await listed(owner, "Staff", [left_out])

    made = await draft(
        owner,
        account_id=shop.accounts["sms"],
        audience={"lists": [both, again], "exclude": {"lists": [staff]}},
        variants=[
            {
                "wordings": [
                    text("Hi {{ contact.first_name }}, {{ contact.stage }}: all coats at half price until Sunday."),
                    text("Olá {{ contact.first_name }}, casacos a metade do preço.", "pt"),
                ]
            }
        ],
    )
    size = (await owner.client.post(f"{BROADCASTS}/audience", json={"audience": made["plan"]["audience"]})).json()
    assert (size["count"], size["exact"]) == (4, True)
    found = await checked(owner, made["id"])
    assert (found["state"], found["total"], found["willing"]) == ("ready", 5, 1)
    steps = {step["reason"]: step["count"] for step in found["steps"]}
    assert steps == {"excluded": 1, "no_address": 1, "missing_variable": 2}
    assert sum(steps.values()) + found["willing"] == found["total"]
    assert found["missing"] == [{"key": "contact.stage", "count": 2}]
    assert all(step["fix"] for step in found["steps"])

    # With a default for it the gate is asked for them, too.
    words = "Hi {{ contact.first_name }}, {{ contact.stage | default: 'friend' }}: coats at half price until Sunday."
    variants = [{"wordings": [text(words), text("Olá {{ contact.first_name }}!", "pt")]}]
    changed = await owner.client.patch(f"{BROADCASTS}/{made['id']}", json={"variants": variants, "revision": 1})
    assert changed.status_code == 200, changed.text
    assert (await owner.client.get(f"{BROADCASTS}/{made['id']}/check")).json()["fresh"] is False
    early = await owner.client.post(f"{BROADCASTS}/{made['id']}/submit")
    assert (early.status_code, early.json()["code"]) == (409, "check_first")
    found = await checked(owner, made["id"])
    assert found["willing"] == 2
    assert {step["reason"]: step["count"] for step in found["steps"]} == {
        "excluded": 1,
        "no_address": 1,
        "no_consent": 1,
    }
    assert {each["key"]: each["count"] for each in found["languages"]} == {"": 1, "pt": 1}
    assert found["cost"] == {
        "minor": 2,
        "currency": "USD",
        "exact": True,
        "by": [{"country": "US", "category": "sms", "unit": "segment", "units": 2, "minor": 2}],
    }
    named = await owner.client.get(f"{BROADCASTS}/{made['id']}/check/people", params={"reason": "no_consent"})
    assert [each["contact_id"] for each in named.json()["items"]] == [never]
    pages, cursor = [], None
    while True:
        query = {"limit": 1, **({"cursor": cursor} if cursor else {})}
        page = (await owner.client.get(f"{BROADCASTS}/{made['id']}/check/people", params=query)).json()
        pages += [each["contact_id"] for each in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert pages == sorted([ana, joao])

    seen = await owner.client.get(f"{BROADCASTS}/{made['id']}/preview", params={"contact_id": joao})
    assert seen.status_code == 200, seen.text
    said = "Olá João!\nResponda STOP para sair"
    assert (seen.json()["parts"][0]["text"], seen.json()["language"]) == (said, "pt")
    seen = (await owner.client.get(f"{BROADCASTS}/{made['id']}/preview")).json()
    assert (seen["missing"], seen["contact_id"]) == (["contact.first_name"], None)
    tested = (await owner.client.post(f"{BROADCASTS}/{made['id']}/test", json={"contact_ids": [ana, never]})).json()
    assert [bool(each["entry_id"]) for each in tested["items"]] == [True, False]
    assert "has not agreed" in tested["items"][1]["reason"]


async def test_two_write_and_a_second_one_approves(shop: Shop) -> None:
    owner, ws = shop.owner, shop.owner.ws
    marketer = await shop.people.join(ws, "marketer")
    other = await shop.people.join(ws, "marketer")
    boss = await shop.people.join(ws, "supervisor")
    agent = await shop.people.join(ws, "agent")
    someone = await customer(shop, "Kofi Approved")
    made = await draft(
        marketer,
        account_id=shop.accounts["sms"],
        audience={"contacts": [someone]},
        variants=[{"wordings": [text("Hello")]}],
    )
    path = f"{BROADCASTS}/{made['id']}"
    assert made["may"] | {"edit": True, "submit": True, "approve": False, "start": True} == made["may"]
    assert (await agent.client.get(path)).status_code == 403

    # Two at once: other fields go together, the same field is refused with what it is now.
    renamed = await other.client.patch(path, json={"name": "Winter sale", "revision": 1})
    assert renamed.status_code == 200
    both = await marketer.client.patch(path, json={"description": "Coats", "revision": 1})
    assert (both.status_code, both.json()["name"]) == (200, "Winter sale")
    late = await marketer.client.patch(path, json={"name": "Autumn sale", "revision": 1})
    assert (late.status_code, late.json()["code"]) == (409, "changed_meanwhile")
    assert late.json()["changed"][0] | {"what": "name", "value": "Winter sale"} == late.json()["changed"][0]
    closed = {"editors": [marketer.member.id]}
    assert (await marketer.client.patch(path, json=closed)).status_code == 200
    assert (await other.client.patch(path, json={"name": "Mine"})).json()["code"] == "not_editor"

    wanted = {"people_above": 0, "cost_above_minor": None, "revision": 0}
    assert (await marketer.client.put(f"{BROADCASTS}/settings", json=wanted)).status_code == 403
    assert (await boss.client.put(f"{BROADCASTS}/settings", json=wanted)).status_code == 200
    assert (await owner.client.put(f"{BROADCASTS}/settings", json=wanted)).status_code == 409
    assert "second person" in (await checked(marketer, made["id"]))["approval"]
    submitted = (await marketer.client.post(f"{path}/submit")).json()
    assert (submitted["state"], submitted["submitted"]["name"]) == ("review", marketer.member.name)
    assert (await marketer.client.post(f"{path}/approve", json={"revision": submitted["revision"]})).status_code == 403
    back = (await boss.client.post(f"{path}/send-back", json={"note": "Say until when"})).json()
    assert (back["state"], back["reason"]["code"]) == ("draft", "sent_back")
    assert "Say until when" in back["reason"]["message"]
    variants = [{"wordings": [text("Hello until Sunday")]}]
    assert (await marketer.client.patch(path, json={"variants": variants})).status_code == 200
    await checked(marketer, made["id"])
    submitted = (await marketer.client.post(f"{path}/submit")).json()
    stale = await boss.client.post(f"{path}/approve", json={"revision": submitted["revision"] - 1})
    assert (stale.status_code, stale.json()["code"]) == (409, "changed_meanwhile")
    approved = (await boss.client.post(f"{path}/approve", json={"revision": submitted["revision"]})).json()
    assert (approved["state"], approved["approved"]["name"]) == ("approved", boss.member.name)
    # What was approved is what is sent: other words ask for another yes, another name does not.
    assert (await marketer.client.patch(path, json={"name": "Winter"})).json()["state"] == "approved"
    again = (await marketer.client.patch(path, json={"holdout_percent": 10})).json()
    assert (again["state"], again["approved"]) == ("draft", None)
    trail = (await owner.client.get("/api/v1/audit", params={"about": "broadcast", "limit": 50})).json()["items"]
    actions = [each["action"] for each in trail if each["target"]["id"] == made["id"]]
    assert actions.count("broadcast.submitted") == 2
    assert {"broadcast.created", "broadcast.sent_back", "broadcast.approved", "broadcast.changed"} <= set(actions)
    copied = await other.client.post(f"{path}/clone")
    assert (copied.status_code, copied.json()["name"]) == (201, "Winter (copy)")
    assert (await other.client.delete(f"{BROADCASTS}/{copied.json()['id']}")).status_code == 204
    none = {"people_above": None, "cost_above_minor": None, "revision": 1}
    assert (await boss.client.put(f"{BROADCASTS}/settings", json=none)).status_code == 200


async def test_the_second_person_is_another_person_and_has_seen_how_many_it_is(shop: Shop) -> None:
    ws = shop.owner.ws
    author, colleague = [await shop.people.join(ws, "admin") for _ in range(2)]
    people = [await customer(shop, f"Grown {number}") for number in range(6)]
    several = await listed(shop.owner, "Grows", people[:1])
    settled = (await author.client.get(f"{BROADCASTS}/settings")).json()
    above = {"people_above": 2, "cost_above_minor": None, "revision": settled["revision"]}
    kept = (await author.client.put(f"{BROADCASTS}/settings", json=above)).json()
    plan = {"account_id": shop.accounts["sms"], "audience": {"lists": [several]}}
    made = await draft(author, **plan, variants=[{"wordings": [text("Grown")]}])
    path = f"{BROADCASTS}/{made['id']}"

    async def start(count: int) -> tuple[int, str]:
        await checked(author, made["id"])
        answer = await author.client.post(f"{path}/start", json={"people": count})
        return answer.status_code, answer.json().get("code") or answer.json()["state"]

    async def grows(some: list[str]) -> None:
        for each in some:
            answer = await shop.agent.post(f"/api/v1/contacts/{each}/lists", json={"add": [several]})
            assert answer.status_code == 200, answer.text

    # Few enough to be nobody else's business; once they are more it is.
    await checked(author, made["id"])
    assert (await author.client.post(f"{path}/submit")).json()["state"] == "approved"
    await grows(people[1:4])
    assert await start(4) == (409, "second_person")
    now = (await author.client.get(path)).json()
    assert (now["state"], now["approved"]) == ("review", None)

    # Who has written it is nobody else with a token, nor because a colleague submits a copy for them.
    token = (await author.client.post("/api/v1/tokens", json={"name": "Mine", "scopes": ["broadcasts.approve"]})).json()
    async with httpx.AsyncClient(base_url=shop.url, headers={"authorization": f"Bearer {token['token']}"}) as robot:
        refused = await robot.post(f"{path}/approve", json={"revision": now["revision"]})
        assert (refused.status_code, refused.json()["code"]) == (403, "own_work")
    copied = (await author.client.post(f"{path}/clone")).json()
    await checked(colleague, copied["id"])
    theirs = (await colleague.client.post(f"{BROADCASTS}/{copied['id']}/submit")).json()
    assert theirs["state"] == "review"
    own = await author.client.post(f"{BROADCASTS}/{copied['id']}/approve", json={"revision": theirs["revision"]})
    assert (own.status_code, own.json()["code"]) == (403, "own_work")

    # A yes to four is none to six; to five it is.
    assert (await colleague.client.post(f"{path}/approve", json={"revision": now["revision"]})).status_code == 200
    await grows(people[4:])
    assert await start(6) == (409, "second_person")
    now = (await author.client.get(path)).json()
    assert "approved for 4 people and would go to 6" in now["reason"]["message"]
    assert (await colleague.client.post(f"{path}/approve", json={"revision": now["revision"]})).status_code == 200
    assert await start(6) == (200, "running")
    await counted(shop.owner, made["id"], "done")
    none = {"people_above": None, "cost_above_minor": None, "revision": kept["revision"]}
    assert (await author.client.put(f"{BROADCASTS}/settings", json=none)).status_code == 200


async def test_it_is_sent_once_to_each_and_says_why(shop: Shop) -> None:
    owner, ws = shop.owner, shop.owner.ws
    people = [await customer(shop, f"Person {at}") for at in range(6)]
    never = await customer(shop, "Nora Never", agrees=False)
    everybody = await listed(owner, "Everybody", [*people, never])
    words = "Hello {{ contact.first_name }}, once " + everybody
    made = await draft(
        owner, account_id=shop.accounts["sms"], audience={"lists": [everybody]}, variants=[{"wordings": [text(words)]}]
    )
    path = f"{BROADCASTS}/{made['id']}"
    unseen = await owner.client.post(f"{path}/start", json={"people": 6})
    assert (unseen.status_code, unseen.json()["code"]) == (409, "check_first")
    assert (await checked(owner, made["id"]))["willing"] == 6
    other = await owner.client.post(f"{path}/start", json={"people": 60})
    assert (other.status_code, other.json()["code"]) == (409, "changed_meanwhile")
    started = await owner.client.post(f"{path}/start", json={"people": 6})
    assert (started.status_code, started.json()["state"]) == (200, "running"), started.text
    done = await counted(owner, made["id"], "done")
    assert (done["people"], done["tally"]["total"], done["tally"]["sent"]) == (7, 7, 6)
    assert {each["reason"]: each["count"] for each in done["tally"]["skipped"]} == {"no_consent": 1}
    assert done["unexplained"] == 0
    sent = [each for each in await shop.ledger(channel="sms", direction="out") if everybody in str(each["body"])]
    assert len(sent) == 6
    said = (await owner.client.get(f"{path}/why", params={"contact_id": never})).json()
    assert (said["outcome"], "has not agreed" in said["sentence"]) == ("left_out", True)
    said = (await owner.client.get(f"{path}/why", params={"contact_id": people[0]})).json()
    assert said["outcome"] == "reached"
    stranger = await customer(shop, "Sam Stranger")
    said = (await owner.client.get(f"{path}/why", params={"contact_id": stranger})).json()
    assert said["outcome"] == "not_in_audience"
    of_them = (await owner.client.get(f"/api/v1/contacts/{never}/broadcasts")).json()["items"]
    assert [each["broadcast_id"] for each in of_them] == [made["id"]]
    named = (await owner.client.get(f"{path}/recipients", params={"state": "skipped"})).json()["items"]
    assert [each["contact_id"] for each in named] == [never]
    table = await owner.client.get(f"{path}/table")
    rows = list(csv.DictReader(io.StringIO(table.text)))
    assert [row["contact_id"] for row in rows if row["state"] == "skipped"] == [never]
    assert len(rows) == 7
    agent = await shop.people.join(ws, "agent")
    assert (await agent.client.get(f"{path}/table")).status_code == 403

    # A correction goes to exactly those whom it has reached; somebody new on the list gets nothing.
    await owner.client.post(f"/api/v1/contacts/{stranger}/lists", json={"add": [everybody]})
    fixed = (await owner.client.post(f"{path}/correct")).json()
    assert (fixed["corrects"], fixed["plan"]["audience"]["broadcasts"]) == (made["id"], [made["id"]])
    variants = [{"wordings": [text(f"Sorry, {everybody} was wrong")]}]
    fixed_path = f"{BROADCASTS}/{fixed['id']}"
    assert (await owner.client.patch(fixed_path, json={"variants": variants})).status_code == 200
    assert (await checked(owner, fixed["id"]))["willing"] == 6
    assert (await owner.client.post(f"{fixed_path}/start", json={"people": 6})).status_code == 200
    done = await counted(owner, fixed["id"], "done")
    assert (done["people"], done["tally"]["sent"]) == (6, 6)


async def test_a_sample_decides_what_the_rest_get_and_some_are_held_out(shop: Shop) -> None:
    owner, ws = shop.owner, shop.owner.ws
    people = [await customer(shop, f"Sample {at}") for at in range(24)]
    everybody = await listed(owner, "Sampled", people)
    rule = {"field": "lists", "op": "has_any", "value": [everybody]}
    made = await draft(
        owner,
        account_id=shop.accounts["sms"],
        audience={"rule": rule},
        variants=[
            {"key": "a", "wordings": [text(f"Half price {everybody}")]},
            {"key": "b", "wordings": [text(f"Fifty percent {everybody}")]},
        ],
        holdout_percent=20,
        trial={"people": 4, "wait_minutes": 0},
        experiment={"sample_percent": 40, "metric": "delivered", "wait_minutes": 1, "if_none": "ask"},
    )
    path = f"{BROADCASTS}/{made['id']}"
    people += await _until_each_part_has_some(shop, made["id"], people, everybody)
    found = await checked(owner, made["id"])
    held = next(step["count"] for step in found["steps"] if step["reason"] == "holdout")
    assert found["willing"] + held == found["total"] == len(people)
    await owner.client.post(f"{path}/start", json={"people": found["willing"]})
    paused = await counted(owner, made["id"], "paused")
    shown = (await owner.client.get(path)).json()
    assert (shown["reason"]["code"], shown["may"]["resume"]) == ("trial_done", True)
    assert paused["tally"]["sent"] <= 4
    # What it says stays; what it may cost can be put right on the way.
    late = await owner.client.patch(path, json={"holdout_percent": 0})
    assert (late.status_code, late.json()["code"]) == (409, "not_editable")
    assert (await owner.client.patch(path, json={"budget_minor": 5_000})).status_code == 200
    mailing = await mailings.find(ws, ("broadcast", made["id"]))
    assert mailing is not None
    assert mailing.budget_minor == 50_000_000
    assert (await owner.client.post(f"{path}/resume", json={})).status_code == 200

    async def all_of_the_sample_have_it() -> bool:
        run = await runs.of(ws, made["id"])
        return run is not None and run.stage == 1 and run.quiet_at is not None

    await eventually(all_of_the_sample_have_it)
    assert (await counted(owner, made["id"], "running"))["stage"] == "sample"
    # The time of the experiment is over when it began long enough ago: nobody waits for a minute here.
    await runs.store.set(ws, made["id"], {"quiet_at": ws.clock.now() - timedelta(minutes=2)})
    await runs.store.wake(ws, made["id"], ws.clock.now())
    await counted(owner, made["id"], "paused")
    shown = (await owner.client.get(path)).json()
    assert shown["reason"]["code"] == "no_winner"
    missing = await owner.client.post(f"{path}/resume", json={})
    assert (missing.status_code, missing.json()["code"]) == (409, "choose_variant")
    assert (await owner.client.post(f"{path}/resume", json={"variant": "b"})).status_code == 200
    done = await counted(owner, made["id"], "done")
    assert (done["tally"]["sent"], done["unexplained"]) == (found["willing"], 0)
    sent = [each for each in await shop.ledger(channel="sms", direction="out") if everybody in str(each["body"])]
    assert len(sent) == found["willing"]
    assert len({each["customer"] for each in sent}) == len(sent)
    report = (await owner.client.get(f"{path}/report")).json()
    arms = {arm["key"]: arm["sent"]["hits"] for arm in report["variants"]}
    assert arms["b"] > arms["a"] > 0
    assert report["verdict"]["state"] == "early"


@pytest.mark.parametrize("rule", [{}, {"x": 1}, {"all": 0}, {"field": ["tags"]}, {"count": "order", "where": 5}])
async def test_a_draft_whose_rule_is_none_stands_in_nobodys_way(shop: Shop, rule: dict[str, Any]) -> None:
    owner = shop.owner.client
    made = await draft(shop.owner, audience={"rule": rule, "exclude": {"rule": rule}})
    old, new = [
        (await owner.post("/api/v1/tags", json={"name": f"{name} {made['id']}"})).json()["id"]
        for name in ("Old", "New")
    ]
    merged = await owner.post(f"/api/v1/tags/{old}/merge", json={"into": new})
    assert merged.status_code < 300, merged.text
    assert (await owner.delete(f"/api/v1/tags/{new}")).status_code == 204
    assert (await owner.delete(f"{BROADCASTS}/{made['id']}")).status_code == 204


async def _until_each_part_has_some(shop: Shop, broadcast_id: str, people: list[str], everybody: str) -> list[str]:
    """More people on that list, until chance has put some into each part: held out, in the sample for each variant."""
    ws, added = shop.owner.ws, list[str]()
    plan = (await broadcasts.get(ws, broadcast_id)).plan

    def part(contact_id: str) -> str:
        if experiments.held_out(plan, broadcast_id, contact_id):
            return "held"
        stage = experiments.stage_of(plan, broadcast_id, contact_id, 100)
        return experiments.variant_of(plan, broadcast_id, contact_id, stage, None) if stage == "sample" else "rest"

    while {part(each) for each in (*people, *added)} != {"held", "a", "b", "rest"}:
        added.append(await customer(shop, f"Sample {len(people) + len(added)}"))
        answer = await shop.owner.client.post(f"/api/v1/contacts/{added[-1]}/lists", json={"add": [everybody]})
        assert answer.status_code == 200, answer.text
    return added


@pytest.mark.parametrize(
    ("schedule", "field"),
    [
        ({"wall": "2030-02-31T09:00"}, "schedule.wall"),
        ({"wall": "2030-02-01T09:00", "zone": "Moon/Sea"}, "schedule.zone"),
        ({"wall": "2030-02-01T09:00", "repeat": "FREQ=DAILY;BYDAY=XX"}, "schedule.repeat"),
        ({"wall": "2030-02-01T09:00", "repeat": "FREQ=DAILY;INTERVAL=0"}, "schedule.repeat"),
        ({"wall": "2030-02-01T09:00", "repeat": "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"}, "schedule.repeat"),
    ],
)
async def test_a_draft_with_no_such_time_is_checked_and_not_started(
    shop: Shop, schedule: dict[str, Any], field: str
) -> None:
    owner = shop.owner
    ana = await customer(shop, "Ana Anytime")
    made = await draft(
        owner,
        account_id=shop.accounts["sms"],
        audience={"contacts": [ana]},
        variants=[{"wordings": [text("Hi")]}],
        schedule={"kind": "at", **schedule},
    )
    found = await checked(owner, made["id"])
    refused = await owner.client.post(f"{BROADCASTS}/{made['id']}/start", json={"people": found["willing"]})
    assert refused.status_code == 422, refused.text
    assert refused.json()["errors"][0]["field"] == field

    unknown = {"kind": "at", "wall": "2030-02-01T09:00", "relative": {"field": "no_such_day"}}
    await owner.client.patch(f"{BROADCASTS}/{made['id']}", json={"schedule": unknown})
    refused = await owner.client.post(f"{BROADCASTS}/{made['id']}/check")
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "schedule.relative.field")


async def test_its_time_comes_again_and_what_was_missed_asks_first(shop: Shop) -> None:
    owner, ws = shop.owner, shop.owner.ws
    someone = await customer(shop, "Rita Recurring")
    plan = {
        "account_id": shop.accounts["sms"],
        "audience": {"contacts": [someone]},
        "variants": [{"wordings": [text("Every day {{ contact.first_name }}")]}],
    }
    daily = {"kind": "at", "wall": "2020-01-01T09:00", "zone": "Africa/Accra", "repeat": "FREQ=DAILY"}
    made = await draft(owner, **plan, schedule=daily)
    path = f"{BROADCASTS}/{made['id']}"
    await checked(owner, made["id"])
    waiting = (await owner.client.post(f"{path}/start", json={"people": 1})).json()
    assert (waiting["state"], waiting["scheduled_at"][10:]) == ("scheduled", "T09:00:00.000Z")
    # A schedule can be taken back, and is then as it was before.
    assert (await owner.client.post(f"{path}/pause")).json()["state"] == "approved"
    assert (await owner.client.post(f"{path}/start", json={"people": 1})).json()["state"] == "scheduled"

    async def its_time_is(minutes_ago: int) -> None:
        now = await broadcasts.get(ws, made["id"])
        at = ws.clock.now() - timedelta(minutes=minutes_ago)
        await broadcasts.turn(ws, SYSTEM, now, "scheduled", scheduled_at=at)
        await runs.store.wake(ws, made["id"], at)

    async def sends() -> list[dict[str, Any]]:
        items = (await owner.client.get(BROADCASTS)).json()["items"]
        return [each for each in items if each["series_id"] == made["id"]]

    async def one_is_done() -> bool:
        return [each["state"] for each in await sends()] == ["done"]

    await its_time_is(0)
    await eventually(one_is_done)
    assert (await owner.client.get(path)).json()["scheduled_at"] == waiting["scheduled_at"]

    async def one_asks() -> dict[str, Any] | None:
        return next((each for each in await sends() if each["state"] == "paused"), None)

    await its_time_is(25 * 60)
    asked = await eventually(one_asks)
    assert asked["reason"]["code"] == "stale"
    assert (await owner.client.post(f"{BROADCASTS}/{asked['id']}/cancel")).json()["state"] == "cancelled"
    assert (await owner.client.post(f"{path}/cancel")).json()["state"] == "cancelled"
    past = await draft(owner, **plan, schedule={**daily, "repeat": None})
    await checked(owner, past["id"])
    refused = await owner.client.post(f"{BROADCASTS}/{past['id']}/start", json={"people": 1})
    assert (refused.status_code, refused.json()["code"]) == (409, "time_passed")


async def test_who_is_not_reached_gets_it_another_way_and_what_was_wrong_is_taken_back(shop: Shop) -> None:
    owner, ws = shop.owner, shop.owner.ws
    reached, _ = await shop.someone("telegram")
    other, _ = await shop.someone("telegram")
    found: dict[str, str] = {}
    for person in (reached, other):
        conversation = await shop.conversation_with(person["name"])
        contact_id = found[person["id"]] = conversation["contact"]["id"]
        rows = await contacts.addresses_of(ws, contact_id)
        sms = Address("sms", person["phone"])
        await contacts.join(ws, contact_id, sms, Profile(name=person["name"]))
        for address in (rows[0].address, sms):
            await agree(shop, contact_id, address)
    await shop.knobs(customers={other["id"]: {"error_rate": 1, "error_code": 400}})
    made = await draft(
        owner,
        account_id=shop.accounts["telegram"],
        audience={"contacts": list(found.values())},
        variants=[{"wordings": [text("The wrong price")]}],
        fallbacks=[
            {"account_id": shop.accounts["sms"], "after_minutes": 5, "wordings": [text("The wrong price by text")]}
        ],
    )
    path = f"{BROADCASTS}/{made['id']}"
    await checked(owner, made["id"])
    assert (await owner.client.post(f"{path}/start", json={"people": 2})).status_code == 200

    async def by_text() -> bool:
        now = (await owner.client.get(f"{path}/progress")).json()
        return len(now["ways"]) == 2 and now["ways"][1]["tally"]["total"] == 1

    await eventually(by_text)
    await shop.knobs(customers={other["id"]: None})
    assert await shop.in_ledger("telegram", reached["id"], "The wrong price")
    said = (await owner.client.get(f"{path}/why", params={"contact_id": found[other["id"]]})).json()
    assert "sms" in said["sentence"] or said["outcome"] == "waiting"
    await counted(owner, made["id"], "done")
    recalled = (await owner.client.post(f"{path}/recall")).json()
    assert (recalled["recalled"]["name"], recalled["may"]["recall"]) == (owner.member.name, False)

    async def taken_back() -> dict[str, Any] | None:
        now: dict[str, Any] = (await owner.client.get(f"{path}/progress")).json()
        return now["recall"] if now["recall"] and now["recall"]["done"] else None

    # Telegram lets us take it back; a text message stays where it is, and is counted.
    told = await eventually(taken_back)
    assert told["deleted"] == 1
    again = await owner.client.post(f"{path}/recall")
    assert (again.status_code, again.json()["code"]) == (409, "recalled")


async def test_what_is_no_message_or_more_than_one_goes_to_nobody(shop: Shop) -> None:
    owner = shop.owner
    ana = await customer(shop, "Ana Short")
    lots = await customer(shop, f"Maximiliana{'a' * 180} Long")
    blank = {"wordings": [text("  \n ")]}
    sender, audience = shop.accounts["sms"], {"contacts": [ana, lots]}
    made = await draft(owner, account_id=sender, audience=audience, variants=[blank])
    refused = await owner.client.post(f"{BROADCASTS}/{made['id']}/check")
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "variants.0.wordings.0.content.text")

    # With values in it, it is seen person by person; a broadcast is one message to each, so nothing is split.
    words = f"{{% if contact.first_name == 'Ana' %}} {{% else %}}{'Half price. ' * 170}{{% endif %}}"
    made = await draft(owner, account_id=sender, audience=audience, variants=[{"wordings": [text(words)]}])
    found = await checked(owner, made["id"])
    assert {step["reason"]: step["count"] for step in found["steps"]} == {"missing_variable": 1, "too_long": 1}
    people = await owner.client.get(f"{BROADCASTS}/{made['id']}/check/people", params={"reason": "too_long"})
    (person,) = people.json()["items"]
    assert person["contact_id"] == lots
    assert "takes 1,600 in a message" in person["detail"]
