"""Route rules: the first that holds decides, once, when a conversation begins; tried before it is settled."""

from typing import Any

from app.core.permissions import Role
from tests.support.shop import Shop, eventually


def has(field: str, op: str, value: Any) -> dict[str, Any]:
    return {"field": field, "op": op, "value": value}


async def settle(shop: Shop, items: list[dict[str, Any]], expected: int = 200) -> dict[str, Any]:
    now = await shop.get("/route-rules")
    answer = await shop.agent.put("/api/v1/route-rules", json={"items": items, "revision": now["revision"]})
    assert answer.status_code == expected, answer.text
    settled: dict[str, Any] = answer.json()
    return settled


async def test_the_first_that_holds_decides_when_a_conversation_begins(shop: Shop) -> None:
    refunds, german = [
        await shop.post("/teams", 201, name=name, strategy=strategy)
        for name, strategy in (("Refunds", "manual"), ("German", "round_robin"))
    ]
    vip = await shop.post("/tags", 201, name="VIP", colour="violet")
    rules = [
        {
            "name": "Money",
            "rule": has("last_text", "contains", "refund"),
            "team_id": refunds["id"],
            "skills": ["money"],
        },
        {"name": "Important", "rule": has("tags", "has_any", [vip["id"]]), "priority": "urgent"},
        {"name": "Everything on SMS", "rule": has("channel", "is", "sms"), "team_id": german["id"]},
        {"name": "Switched off", "rule": has("channel", "is", "whatsapp"), "priority": "low", "enabled": False},
    ]
    refused = await settle(shop, [{"name": "Nothing", "rule": has("channel", "is", "sms")}], 422)
    assert refused["errors"][0]["field"] == "items.0.team_id"
    settled = await settle(shop, rules)
    late = await shop.agent.put("/api/v1/route-rules", json={"items": rules, "revision": 0})
    assert (late.status_code, late.json()["changed"][0]["name"]) == (409, "Olu Owner")
    # What every process knew before is known for a few seconds.
    await eventually(lambda: _goes_to(shop, german["id"]))

    person, one = await shop.someone("sms")
    assert one["team_id"] == german["id"]
    line = next(e for e in await shop.thread(one["id"]) if e["kind"] == "event")
    assert line["event"] == {"name": "conversation_sorted", "rule": "Everything on SMS", "team_name": "German"}
    # It goes on where it is, and is asked again when it begins again: by then it is important.
    await shop.writes("sms", person["id"], type="text", text="I want a refund")
    await shop.entry_where(one["id"], lambda e: "refund" in str(e["content"]))
    assert (await shop.get(f"/conversations/{one['id']}"))["team_id"] == german["id"]
    await shop.post(f"/conversations/{one['id']}/tags", add=[vip["id"]])
    await shop.post(f"/conversations/{one['id']}/close")
    await shop.writes("sms", person["id"], type="text", text="Is anybody there?")

    async def opened() -> dict[str, Any] | None:
        now: dict[str, Any] = await shop.get(f"/conversations/{one['id']}")
        return now if now["state"] == "open" else None

    again = await eventually(opened)
    assert (again["priority"], again["team_id"]) == ("urgent", german["id"])

    # The same rules, dry: which hold, which decides, and who would get it.
    tried = await shop.post("/route-rules/try", conversation_id=one["id"])
    assert (tried["holds"], tried["decides"]) == ([1, 2], 1)
    drafts = [rules[2], {**rules[0], "rule": has("contact_name", "is_set", None)}]
    tried = await shop.post("/route-rules/try", conversation_id=one["id"], items=drafts)
    assert (tried["holds"], tried["decides"], tried["team_id"]) == ([0, 1], 0, german["id"])
    assert (tried["agent_id"], tried["why"], tried["by_account"]) == (None, "nobody_free", False)
    tried = await shop.post("/route-rules/try", conversation_id=one["id"], items=[drafts[1]])
    assert (tried["team_id"], tried["why"]) == (refunds["id"], "taken_by_hand")

    # What they name is in use.
    for path, place in ((f"/teams/{german['id']}", "Everything on SMS"), (f"/tags/{vip['id']}", "Important")):
        kept = await shop.agent.delete(f"/api/v1{path}")
        assert kept.status_code == 409
        assert ("route_rule", place) in [(use["type"], use["name"]) for use in kept.json()["used_in"]]
    agent = await shop.people.join(shop.owner.ws, Role.AGENT)
    forbidden = await agent.client.put("/api/v1/route-rules", json={"items": [], "revision": settled["revision"]})
    assert forbidden.status_code == 403
    await settle(shop, [])


async def test_a_territory_a_stage_and_an_owner_have_their_team(shop: Shop) -> None:
    isles, vips = [await shop.post("/teams", 201, name=name, strategy="manual") for name in ("The Isles", "Clients")]
    _, ours = await shop.someone("whatsapp")
    await shop.agent.patch(f"/api/v1/contacts/{ours['contact_id']}", json={"stage": "customer"})
    rules = [
        {"name": "Clients", "rule": has("stage", "is", "customer"), "team_id": vips["id"]},
        {"name": "Territory", "rule": has("country", "in", ["GB", "IE"]), "team_id": isles["id"]},
    ]
    await settle(shop, rules)
    from_there = await shop.customer(name="Nia Territory", phone="+447700900471")
    await shop.writes("whatsapp", from_there["id"], type="text", text="Good morning")
    found = await shop.conversation_with("Nia Territory")

    async def tried(one: dict[str, Any]) -> Any:
        return (await shop.post("/route-rules/try", conversation_id=one["id"], items=rules))["decides"]

    assert [await tried(one) for one in (found, ours)] == [1, 0]
    unknown = await settle(shop, [rules[1] | {"rule": has("country", "is", "Britain")}], 422)
    assert unknown["errors"][0]["field"].startswith("items.0.rule")


async def _goes_to(shop: Shop, team_id: str) -> bool:
    return (await shop.someone("sms"))[1]["team_id"] == team_id  # type: ignore[no-any-return]
