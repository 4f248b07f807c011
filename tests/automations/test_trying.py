"""Trying a broadcast on some before the rest: canary, an experiment that decides by itself, holdout, a second yes."""

import json
from datetime import timedelta
from typing import Any

import pytest

from automations import experiments, runs
from automations.plans import Plan
from crm import contacts
from tests.support.broadcasts import (
    BROADCASTS,
    begun,
    checked,
    counted,
    customer,
    draft,
    got,
    progress,
    reasons,
    rows,
    state_of,
    text,
    why,
)
from tests.support.shop import Shop, eventually

pytestmark = pytest.mark.usefixtures("any_hour")


@pytest.fixture(scope="module")
async def crowd(shop: Shop) -> dict[str, str]:
    """Seventy-two people who agreed, by name."""
    return {f"N{at:02}": await customer(shop, f"N{at:02}") for at in range(72)}


def plan(shop: Shop, who: list[str], words: str, **more: Any) -> dict[str, Any]:
    return {
        "account_id": shop.accounts["sms"],
        "audience": {"contacts": who},
        "variants": [{"wordings": [text(f"{words} {{{{ contact.first_name }}}}")]}],
        "guards": {"after": 100_000},
        **more,
    }


async def phones(shop: Shop) -> dict[str, str]:
    """The sandbox's customers by number."""
    known = (await shop.sandbox.get("/_sandbox/customers")).json()["customers"]
    return {each["phone"]: each["id"] for each in known}


async def started(shop: Shop, broadcast_id: str) -> None:
    found = await checked(shop.owner, broadcast_id)
    answer = await shop.agent.post(f"{BROADCASTS}/{broadcast_id}/start", json={"people": found["willing"]})
    assert answer.status_code == 200, answer.text


async def time_is_over(shop: Shop, broadcast_id: str) -> None:
    """Of the part that is being tried, once everybody in it has it."""
    ws = shop.runtime.workspace(shop.owner.ws.id)

    async def quiet() -> bool:
        run = await runs.of(ws, broadcast_id)
        return run is not None and run.quiet_at is not None

    await eventually(quiet)
    await runs.store.set(ws, broadcast_id, {"quiet_at": ws.clock.now() - timedelta(days=1)})
    await runs.store.wake(ws, broadcast_id, ws.clock.now())


async def test_a_canary_goes_on_by_itself_unless_too_many_failed(shop: Shop, crowd: dict[str, str]) -> None:
    owner, some = shop.owner, dict(list(crowd.items())[:24])
    trial = {"percent": 30, "wait_minutes": 0, "then": "go_on", "failure_percent": 20}
    made = await draft(owner, **plan(shop, list(some.values()), "Canary", trial=trial))
    first = {name for name, each in some.items() if experiments.draw(made["id"], each, "trial") < 0.3}
    await started(shop, made["id"])
    done = await counted(owner, made["id"], "done")
    assert (done["tally"]["sent"], done["unexplained"]) == (24, 0)
    sent = [each["body"]["text"] for each in await shop.ledger(channel="sms", direction="out")]
    order = [words.partition("Canary ")[2].partition("\n")[0] for words in sent if "Canary " in words]
    assert set(order[: len(first)]) == first

    # Half of the first fail: it stops and asks, and the rest have nothing yet.
    again = await draft(owner, **plan(shop, list(some.values()), "Bird", trial=trial))
    first = {name for name, each in some.items() if experiments.draw(again["id"], each, "trial") < 0.3}
    ids, bad = await phones(shop), []
    for name in sorted(first)[: (len(first) + 1) // 2]:
        (row,) = await contacts.addresses_of(owner.ws, some[name])
        bad.append(ids[row.address.value])
    await shop.knobs(customers={each: {"error_rate": 1, "error_code": 21608} for each in bad})
    await started(shop, again["id"])
    asks = await state_of(owner, again["id"], "paused")
    assert (asks["reason"]["code"], "did not take it well" in asks["reason"]["message"]) == ("trial_failed", True)
    assert len(await got(shop, "Bird")) == len(first) - len(bad)
    rest = next(each for name, each in some.items() if name not in first)
    assert "paused" in (await why(owner, again["id"], rest))[1]
    assert (await owner.client.post(f"{BROADCASTS}/{again['id']}/resume", json={})).status_code == 200
    done = await counted(owner, again["id"], "done")
    assert (done["tally"]["sent"], sum(reasons(done["tally"]["failed"]).values())) == (24 - len(bad), len(bad))
    await shop.knobs(customers=dict.fromkeys(bad))

    # The first three, and then nobody else: each of the others is counted as that.
    few = await begun(owner, **plan(shop, list(some.values()), "Few", trial={"people": 3, "wait_minutes": 0}))
    assert (await state_of(owner, few, "paused"))["reason"]["code"] == "trial_done"
    assert (await owner.client.post(f"{BROADCASTS}/{few}/cancel")).json()["state"] == "cancelled"
    over = await progress(owner, few)
    assert (over["tally"]["sent"], over["tally"]["cancelled"], over["unexplained"]) == (3, 21, 0)
    states = [row["state"] for row in await rows(owner, few)]
    assert (len(states), states.count("cancelled")) == (24, 21)
    nobody = next(row["contact_id"] for row in await rows(owner, few) if row["state"] == "cancelled")
    assert "cancelled before their turn" in (await why(owner, few, nobody))[1]


async def test_a_canary_of_which_nobody_hears_stops(shop: Shop, crowd: dict[str, str]) -> None:
    owner, some = shop.owner, list(crowd.values())[:6]
    trial = {"people": 2, "wait_minutes": 0, "then": "go_on", "failure_percent": 20}
    silent = {"timeout_after_accept_rate": 1, "status_delay_ms": {"sent": 600_000, "delivered": 600_000}}
    await shop.knobs(channels={"sms": silent})
    try:
        made = await begun(owner, **plan(shop, some, "Silence", trial=trial))
        stopped = await state_of(owner, made, "paused")
    finally:
        await shop.knobs(channels={"sms": None})
    assert stopped["reason"]["code"] == "trial_failed"
    assert "0 sent, 0 failed, 2 unknown" in stopped["reason"]["message"]
    assert len(await got(shop, "Silence")) == 2
    assert (await owner.client.post(f"{BROADCASTS}/{made}/cancel")).status_code == 200


async def test_the_winner_goes_to_the_rest_by_itself_or_none_does(shop: Shop, crowd: dict[str, str]) -> None:
    owner, who = shop.owner, list(crowd.values())
    variants = [
        {"key": key, "name": key.upper(), "wordings": [text(f"{key.upper()}/b {{{{ contact.first_name }}}}")]}
        for key in ("a", "b")
    ]
    trying = {"sample_percent": 90, "metric": "delivered", "wait_minutes": 60, "if_none": "first"}

    async def drawn(**experiment: Any) -> tuple[str, dict[str, list[str]]]:
        """A draft in whose sample enough are in each variant, and who they are; some are in the rest."""
        while True:
            made = await draft(owner, **plan(shop, who, "", variants=variants, experiment={**trying, **experiment}))
            settled = Plan.model_validate_json(json.dumps(made["plan"]))
            sample: dict[str, list[str]] = {"a": [], "b": []}
            for each in who:
                if experiments.stage_of(settled, made["id"], each, 0) == "sample":
                    sample[experiments.variant_of(settled, made["id"], each, "sample", None)].append(each)
            if min(map(len, sample.values())) >= experiments.LEAST and sum(map(len, sample.values())) < 72:
                return made["id"], sample

    # Nearly nobody of A has it delivered: B wins, and the rest get it.
    made, sample = await drawn()
    ids, deaf = await phones(shop), []
    for each in sample["a"][:20]:
        (row,) = await contacts.addresses_of(owner.ws, each)
        deaf.append(ids[row.address.value])
    await shop.knobs(customers={each: {"error_rate": 1, "error_code": 21608} for each in deaf})
    await started(shop, made)

    async def told() -> bool:
        tally = (await progress(owner, made))["tally"]
        return bool(tally["delivered"] == sum(map(len, sample.values())) - 20)

    await eventually(told)
    await time_is_over(shop, made)
    done = await counted(owner, made, "done")
    assert (done["unexplained"], done["tally"]["total"]) == (0, 72)
    report = (await owner.client.get(f"{BROADCASTS}/{made}/report")).json()
    assert (report["verdict"]["state"], report["verdict"]["best"]) == ("winner", "b")
    rest = set(who) - {each for group in sample.values() for each in group}
    table = {row["contact_id"]: row for row in await rows(owner, made)}
    assert {table[each]["variant"] for each in rest} == {"b"}
    await shop.knobs(customers=dict.fromkeys(deaf))

    # Nobody answers either of them: none is better, and the rest get the best so far.
    made, sample = await drawn(metric="replied", if_none="best")
    await started(shop, made)
    await time_is_over(shop, made)
    await counted(owner, made, "done")
    report = (await owner.client.get(f"{BROADCASTS}/{made}/report")).json()
    assert report["verdict"]["state"] == "none"
    rest = set(who) - {each for group in sample.values() for each in group}
    table = {row["contact_id"]: row for row in await rows(owner, made)}
    assert {table[each]["variant"] for each in rest} == {report["verdict"]["best"]}
    assert all(table[each]["variant"] == key for key, group in sample.items() for each in group)


async def test_a_holdout_shows_the_effect_and_a_second_person_says_yes(shop: Shop, crowd: dict[str, str]) -> None:
    owner, ws = shop.owner, shop.owner.ws
    marketer, boss = await shop.people.join(ws, "marketer"), await shop.people.join(ws, "supervisor")
    wanted = {"people_above": 5, "cost_above_minor": None, "revision": 0}
    assert (await boss.client.put(f"{BROADCASTS}/settings", json=wanted)).status_code == 200
    # Those who get nothing because they never agreed are in neither group.
    unwilling = [await customer(shop, f"U{at}", agrees=False) for at in range(3)]
    who = [*list(crowd.values())[:40], *unwilling]
    made = await draft(marketer, **plan(shop, who, "Effect", holdout_percent=30, goal={"event": "order", "days": 7}))
    path = f"{BROADCASTS}/{made['id']}"
    found = await checked(marketer, made["id"])
    held = reasons(found["steps"])["holdout"]
    alone = await marketer.client.post(f"{path}/start", json={"people": found["willing"]})
    assert (alone.status_code, alone.json()["code"]) == (409, "second_person")
    now = (await marketer.client.post(f"{path}/submit")).json()
    assert (await marketer.client.post(f"{path}/start", json={"people": found["willing"]})).status_code == 409
    now = (await boss.client.post(f"{path}/approve", json={"revision": now["revision"]})).json()
    assert now["state"] == "approved"
    # Another word, and it is a draft again, which nobody may send alone.
    other = [{"wordings": [text("Better effect {{ contact.first_name }}")]}]
    changed = (await marketer.client.patch(path, json={"variants": other})).json()
    assert (changed["state"], changed["approved"]) == ("draft", None)
    found = await checked(marketer, made["id"])
    alone = await marketer.client.post(f"{path}/start", json={"people": found["willing"]})
    assert (alone.status_code, alone.json()["code"]) == (409, "second_person")
    now = (await marketer.client.post(f"{path}/submit")).json()
    assert (await boss.client.post(f"{path}/approve", json={"revision": now["revision"]})).status_code == 200
    sent = await marketer.client.post(f"{path}/start", json={"people": found["willing"]})
    assert (sent.status_code, sent.json()["state"]) == (200, "running")
    done = await counted(owner, made["id"], "done")
    assert (done["tally"]["sent"], reasons(done["left_out"])["holdout"], done["unexplained"]) == (40 - held, held, 0)
    before, later = reasons(done["left_out"]), reasons(done["tally"]["skipped"])
    assert before.get("no_consent", 0) + later.get("no_consent", 0) == 3
    assert later
    assert len(await got(shop, "Better effect")) == 40 - held
    none = {"people_above": None, "cost_above_minor": None, "revision": 1}
    assert (await boss.client.put(f"{BROADCASTS}/settings", json=none)).status_code == 200

    table = await rows(owner, made["id"])
    got_it = [row["contact_id"] for row in table if row["state"] not in ("left_out", "skipped")]
    nothing = [row["contact_id"] for row in table if row["code"] == "holdout"]
    skipped = next(row["contact_id"] for row in table if row["state"] == "skipped")
    assert (await why(owner, made["id"], nothing[0]))[1].startswith("They did not get it: held out")
    told = {"amount": 12.5, "currency": "eur"}
    orders = [
        {"id": f"o{at}", "kind": "order", "contact_id": each, "attributes": told}
        for at, each in enumerate([*got_it[:10], nothing[0], got_it[0], skipped])
    ]
    # Money of other currencies is not added to it, and what is no amount is no money.
    orders[1]["attributes"] = {"amount": 3, "currency": "GHS"}
    orders[2]["attributes"] = {"amount": 7.25}
    orders[3]["attributes"] = {"amount": True, "currency": "EUR"}
    orders[4]["attributes"] = {"amount": 0.1 + 0.2, "currency": "a lot"}
    await shop.post("/events", 200, events=orders)

    async def effect() -> dict[str, Any] | None:
        seen: dict[str, Any] = (await owner.client.get(f"{path}/effect")).json()["effect"]
        return seen if seen["got"]["hits"] and seen["held"]["hits"] else None

    seen = await eventually(effect)
    assert (seen["got"]["hits"], seen["got"]["of"], seen["held"]["hits"], seen["held"]["of"]) == (
        10,
        40 - held,
        1,
        held,
    )
    assert seen["difference"] == pytest.approx(10 / (40 - held) - 1 / held)
    assert seen["low"] < seen["difference"] < seen["high"]
    assert (seen["people"], seen["exact"]) == (10, True)
    assert seen["revenue"] == [
        {"currency": "EUR", "amount_minor": 8750},
        {"currency": "", "amount_minor": 755},
        {"currency": "GHS", "amount_minor": 300},
    ]

    # The names behind the number, and the same in the table: who did it twice once, with both.
    names: list[dict[str, Any]] = []
    asked: str | None = ""
    while asked is not None:
        page = (
            await owner.client.get(f"{path}/effect/people", params={"limit": 4} | ({"cursor": asked} if asked else {}))
        ).json()
        names += page["items"]
        asked = page["next_cursor"]
    assert [each["contact_id"] for each in names] == sorted(got_it[:10])
    twice = next(each for each in names if each["contact_id"] == got_it[0])
    assert (twice["times"], twice["revenue"]) == (2, [{"currency": "EUR", "amount_minor": 2500}])
    table = {row["contact_id"]: row for row in await rows(owner, made["id"])}
    assert (table[got_it[0]]["goal_times"], table[got_it[0]]["revenue"], table[got_it[0]]["currency"]) == (
        "2",
        "25",
        "EUR",
    )
    assert (table[got_it[1]]["revenue"], table[got_it[1]]["currency"]) == ("3", "GHS")
    assert (table[nothing[0]]["state"], table[nothing[0]]["goal_times"]) == ("left_out", "1")
    assert table[skipped]["goal_times"] == "1"
    assert table[got_it[11]]["goal_at"] == ""


@pytest.mark.parametrize(
    ("channel", "metric", "words"),
    [
        ("sms", "read", "does not tell who has read a message"),
        ("sms", "delivered", None),
        ("telegram", "read", "does not tell who has read a message"),
        ("telegram", "delivered", "does not tell what was delivered"),
        ("telegram", "replied", None),
    ],
)
async def test_what_a_channel_does_not_tell_decides_nothing(
    shop: Shop, crowd: dict[str, str], channel: str, metric: str, words: str | None
) -> None:
    two = [{"key": key, "wordings": [text(f"Which one? {key}")]} for key in ("a", "b")]
    made = await draft(
        shop.owner,
        account_id=shop.accounts[channel],
        audience={"contacts": list(crowd.values())},
        variants=two,
        experiment={"metric": metric},
    )
    answer = await shop.agent.post(f"{BROADCASTS}/{made['id']}/check")
    if words is None:
        assert answer.status_code == 202, answer.text
        return
    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["field"], words in error["message"]) == (422, "experiment.metric", True)
