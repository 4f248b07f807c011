"""Whom a broadcast reaches: every kind of source at once, less every kind of exclusion, and whoever is gone since."""

from collections import Counter
from typing import Any

import pytest

from crm import contacts
from tests.support.broadcasts import (
    BROADCASTS,
    begun,
    checked,
    counted,
    customer,
    draft,
    got,
    listed,
    progress,
    reasons,
    rows,
    state_of,
    text,
    why,
)
from tests.support.shop import Shop, eventually

pytestmark = pytest.mark.usefixtures("any_hour")


def speaks(language: str) -> dict[str, Any]:
    return {"field": "language", "op": "is", "value": language}


async def segment(shop: Shop, name: str, rule: dict[str, Any]) -> str:
    """A segment, once it is known who is in it."""
    made = await shop.post("/segments", 201, name=name, rule=rule)

    async def ready() -> bool:
        return bool((await shop.get(f"/segments/{made['id']}"))["state"] == "ready")

    await eventually(ready)
    return str(made["id"])


async def test_every_source_less_every_exclusion_and_who_is_gone_since(shop: Shop) -> None:
    owner, ws, sender = shop.owner, shop.owner.ws, shop.accounts["sms"]
    spoken = {"Seg": "fr", "Rule": "it", "Exseg": "de", "Exrule": "nl"}
    names = ["Seg", "Rule", "List", "One", "Before", "Both", "Exseg", "Exrule", "Exlist", "Exbefore"]
    names += ["Gone", "Into", "Erased", "Quits", "Never"]
    who = {name: await customer(shop, name, language=spoken.get(name), agrees=name != "Never") for name in names}
    named = {contact_id: name for name, contact_id in who.items()}
    earlier = await begun(
        owner,
        account_id=sender,
        audience={"contacts": [who["Before"], who["Both"]]},
        variants=[{"wordings": [text("Earlier")]}],
    )
    other = await begun(
        owner, account_id=sender, audience={"contacts": [who["Exbefore"]]}, variants=[{"wordings": [text("Other")]}]
    )
    french, german = await segment(shop, "French", speaks("fr")), await segment(shop, "German", speaks("de"))
    on_list = ["List", "Both", "Exlist", "Exseg", "Exrule", "Exbefore", "Gone", "Into", "Erased", "Quits", "Never"]
    wanted = await listed(owner, "Wanted", [who[name] for name in on_list])
    staff = await listed(owner, "Staff", [who["Exlist"]])
    for each in (earlier, other):
        await counted(owner, each, "done")
    audience = {
        "segments": [french],
        "lists": [wanted],
        "contacts": [who["One"], who["Both"]],
        "rule": speaks("it"),
        "broadcasts": [earlier],
        "exclude": {"segments": [german], "lists": [staff], "rule": speaks("nl"), "broadcasts": [other]},
    }
    size = (await owner.client.post(f"{BROADCASTS}/audience", json={"audience": audience})).json()
    assert (size["count"], size["exact"]) == (11, True)
    # Everybody, less the same: no source is needed beside it.
    all_of_them = await draft(
        owner,
        account_id=sender,
        audience={"everyone": True, "exclude": audience["exclude"]},
        variants=[{"wordings": [text("All")]}],
    )
    found = await checked(owner, all_of_them["id"])
    assert (found["total"], reasons(found["steps"])) == (len(names), {"excluded": 4, "no_consent": 1})

    plan = {"account_id": sender, "audience": audience, "rate": 0.2}
    made = await begun(owner, **plan, variants=[{"wordings": [text("Coats for {{ contact.first_name }}")]}])
    path = f"{BROADCASTS}/{made}"

    async def all_are_there() -> bool:
        return (await progress(owner, made))["tally"]["total"] == 11

    await eventually(all_are_there)
    assert (await owner.client.post(f"{path}/pause")).json()["reason"]["code"] == "by_hand"
    # While it stands still one is merged into another, one erased, and one says stop.
    seen = await shop.get(f"/contacts/{who['Into']}/merge", from_id=who["Gone"])
    await shop.post(f"/contacts/{who['Into']}/merge", from_id=who["Gone"], version=seen["version"])
    erasure = await shop.post(f"/contacts/{who['Erased']}/erase", 202, name="Erased")
    (handle,) = [each.address for each in await contacts.addresses_of(ws, who["Quits"])]
    phones = (await shop.sandbox.get("/_sandbox/customers")).json()["customers"]
    quitter = next(each["id"] for each in phones if each["phone"] == handle.value)
    await shop.writes("sms", quitter, type="text", text="STOP")

    async def all_is_known() -> bool:
        gone = (await shop.get(f"/erasures/{erasure['id']}"))["state"] == "done"
        rows_of = await contacts.addresses_of(ws, who["Quits"])
        return gone and any("withdrawn" in str(row.consent) for row in rows_of)

    await eventually(all_is_known)
    changed = await owner.client.patch(path, json={"rate": None})
    assert (changed.status_code, changed.json()["plan"]["rate"]) == (200, None)
    assert (await owner.client.post(f"{path}/resume", json={})).json()["state"] == "running"
    done = await counted(owner, made, "done")
    assert await got(shop, "Coats for") == ["Before", "Both", "Into", "List", "One", "Rule", "Seg"]
    assert (done["people"], done["unexplained"], done["tally"]["sent"]) == (15, 0, 7)
    assert reasons(done["left_out"]) == {"excluded": 4}
    assert reasons(done["tally"]["skipped"]) == {
        "merged": 1,
        "unknown_address": 1,
        "opted_out": 1,
        "no_consent": 1,
    }
    # The table, the names behind each number and the numbers say the same.
    table = await rows(owner, made)
    assert len({row["contact_id"] for row in table}) == len(table) == 15
    states = Counter(row["code"] or "sent" for row in table)
    assert states == {"sent": 7, "excluded": 4, "merged": 1, "unknown_address": 1, "opted_out": 1, "no_consent": 1}
    for step in done["tally"]["skipped"]:
        asked = {"state": "skipped", "reason": step["reason"]}
        page = (await owner.client.get(f"{path}/recipients", params=asked)).json()["items"]
        assert [each["contact_id"] for each in page] == [
            row["contact_id"] for row in table if row["code"] == step["reason"]
        ]
    # Of whom was erased nothing is left by which they could be written to.
    assert [row["address"][:1] for row in table if row["contact_id"] == who["Erased"]] == ["#"]
    said = {named[row["contact_id"]]: row["reason"] for row in table if row["code"] == "excluded"}
    assert {name: words.split()[-1] for name, words in said.items()} == {
        "Exseg": "excluded.",
        "Exlist": "excluded.",
        "Exrule": "them.",
        "Exbefore": "them.",
    }
    for name, expected in (
        ("Seg", ("reached", "They got it by sms")),
        ("Quits", ("left_out", "asked")),
        ("Exlist", ("left_out", "excluded")),
        ("Never", ("left_out", "has not agreed")),
    ):
        outcome, sentence = await why(owner, made, who[name])
        assert (outcome, expected[1] in sentence) == (expected[0], True), sentence
    assert (await state_of(owner, made, "done"))["may"]["adjust"] is False


async def test_who_was_reached_and_is_merged_since_has_got_it_all_the_same(shop: Shop) -> None:
    owner = shop.owner
    now_one, then_two = [await customer(shop, name) for name in ("Alma", "Bela")]
    words = [{"wordings": [text(f"Lamps for {then_two}")]}]
    plan = {"account_id": shop.accounts["sms"], "audience": {"contacts": [then_two]}, "variants": words}
    made = await begun(owner, **plan)
    await counted(owner, made, "done")
    seen = await shop.get(f"/contacts/{now_one}/merge", from_id=then_two)
    await shop.post(f"/contacts/{now_one}/merge", from_id=then_two, version=seen["version"])
    assert (await why(owner, made, now_one))[0] == "reached"
    (listed_with,) = (await shop.get(f"/contacts/{now_one}/broadcasts"))["items"]
    assert (listed_with["broadcast_id"], listed_with["outcome"]) == (made, "reached")
    # Nobody gets it twice who was two contacts, and a correction finds them; so does one to the contact of before.
    other = await draft(owner, **plan | {"audience": {"contacts": [now_one], "exclude": {"broadcasts": [made]}}})
    assert reasons((await checked(owner, other["id"]))["steps"]) == {"excluded": 1}
    fixed = (await owner.client.post(f"{BROADCASTS}/{made}/correct")).json()
    again = await draft(owner, **plan)
    for each in (fixed, again):
        found = await checked(owner, each["id"])
        assert (found["willing"], reasons(found["steps"])) == (1, {"merged": 1})


async def test_a_correction_is_no_message_more_than_what_it_puts_right(shop: Shop) -> None:
    owner = shop.owner
    settled = (await owner.client.get("/api/v1/pacing")).json()["settings"]
    settled |= {"caps": [{"most": 1, "days": 1}]}
    assert (await owner.client.put("/api/v1/pacing", json=settled)).status_code == 200
    person = await customer(shop, "Capped")
    plan = {"account_id": shop.accounts["sms"], "audience": {"contacts": [person]}}
    made = await begun(owner, **plan, variants=[{"wordings": [text(f"Wrong price {person}")]}])
    await counted(owner, made, "done")
    fixed = (await owner.client.post(f"{BROADCASTS}/{made}/correct")).json()
    right = {"variants": [{"wordings": [text(f"Right price {person}")]}]}
    assert (await owner.client.patch(f"{BROADCASTS}/{fixed['id']}", json=right)).status_code == 200
    assert (await checked(owner, fixed["id"]))["willing"] == 1
    assert (await owner.client.post(f"{BROADCASTS}/{fixed['id']}/start", json={"people": 1})).status_code == 200
    await counted(owner, fixed["id"], "done")
    assert await got(shop, f"Right price {person}") == [""]
    # It is one all the same, for anything else.
    other = await draft(owner, **plan, variants=[{"wordings": [text("More")]}])
    assert reasons((await checked(owner, other["id"]))["steps"]) == {"frequency_cap": 1}
