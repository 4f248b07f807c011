"""Macros: in order, checked before, stopped by a refusal, never done twice, and what they name is not deleted."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from app.core.permissions import Role
from inbox.answering import macros
from tests.support.people import Person
from tests.support.shop import Shop

STEPS = st.lists(st.sampled_from(["done", "planned"]), min_size=1, max_size=6)


@given(steps=STEPS, data=st.data())
def test_a_stop_refuses_one_step_and_leaves_the_rest_undone(steps: list[Any], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(steps) - 1))
    at = datetime(2026, 1, 1, tzinfo=UTC)
    begun = macros.Run(
        id="run", macro_id="mac", conversation_id="cnv", by="mem", at=at, claimed_at=at,
        steps=tuple(macros.Step("note", "x", "done" if n < place else "planned") for n in range(len(steps))),
    )  # fmt: skip
    stopped = macros._stopped(begun, place, "no")
    assert [step.state for step in stopped.steps] == ["done"] * place + ["refused"] + ["not_run"] * (
        len(steps) - place - 1
    )


async def kept(person: Person, *actions: dict[str, Any], name: str = "Refund", shared: bool = True) -> dict[str, Any]:
    body = {"name": name, "actions": list(actions), "shared": shared}
    answer = await person.client.post("/api/v1/macros", json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def runs(person: Person, macro: dict[str, Any], conversation_id: str, client_id: str = "") -> Any:
    body = {"conversation_id": conversation_id, "client_id": client_id or str(uuid4())}
    return await person.client.post(f"/api/v1/macros/{macro['id']}/run", json=body)


async def test_actions_are_done_in_order_once_and_reported(shop: Shop) -> None:
    customer, talk = await shop.someone("sms")
    tag = await shop.post("/tags", 201, name=f"refund {talk['id']}", colour="green")
    macro = await kept(
        shop.owner,
        {"type": "reply", "text": "Done, says {{ agent.first_name }}"},
        {"type": "note", "text": "Refunded on {{ channel.name }}"},
        {"type": "assign", "to": "me"},
        {"type": "tag", "add": [tag["id"]]},
        {"type": "priority", "priority": "high"},
        {"type": "close"},
    )
    planned = await shop.post(f"/macros/{macro['id']}/plan", conversation_id=talk["id"])
    words = ["Done, says Olu", "Refunded on SMS", "Olu Owner", f"+{tag['name']}", "high", ""]
    assert [step["words"] for step in planned["steps"]] == words
    client_id = str(uuid4())
    done = (await runs(shop.owner, macro, talk["id"], client_id)).json()
    assert done["state"] == "done"
    assert {step["state"] for step in done["steps"]} == {"done"}
    again = (await runs(shop.owner, macro, talk["id"], client_id)).json()
    assert again == done
    thread = await shop.thread(talk["id"])
    kinds = [entry["event"]["name"] if entry["kind"] == "event" else entry["kind"] for entry in thread]
    assert kinds[1:] == [
        *("message", "note", "conversation_assigned", "conversation_tagged", "conversation_prioritised"),
        "conversation_closed",
    ]
    now = await shop.get(f"/conversations/{talk['id']}")
    assert (now["state"], now["assignee_id"], now["tags"]) == ("closed", shop.owner.member.id, [tag["id"]])
    await shop.in_ledger("sms", customer["id"], "Done, says Olu")
    assert len(await shop.ledger(customer=customer["id"], direction="out")) == 1
    assert (await shop.get(f"/macros/{macro['id']}"))["uses"] == 1


async def test_nothing_is_done_when_something_cannot_be(shop: Shop) -> None:
    _, talk = await shop.someone("sms")
    macro = await kept(
        shop.owner, {"type": "note", "text": "First"}, {"type": "reply", "text": "Dear {{ contact.name }}"}
    )
    answer = (await runs(shop.owner, macro, talk["id"])).json()
    assert (answer["state"], [step["state"] for step in answer["steps"]]) == ("refused", ["not_run", "refused"])
    assert answer["steps"][1]["reason"] == "Not known of this customer: contact.name."
    # Also where nothing is left of a text, and of a template's values.
    account_id = shop.accounts["whatsapp"]
    await shop.post(f"/accounts/{account_id}/templates/sync")
    template = {"type": "template", "account_id": account_id, "name": "reply_ready", "language": "en_US"}
    for action in (
        {"type": "reply", "text": "{% if contact.name %}Dear you{% endif %}"},
        {"type": "note", "text": "{{ contact.name | default: '' }}"},
        {**template, "parameters": {"body": {"1": "{{ contact.name }}"}}},
    ):
        macro = await kept(shop.owner, {"type": "note", "text": "First"}, action)
        answer = (await runs(shop.owner, macro, talk["id"])).json()
        assert (answer["state"], [step["state"] for step in answer["steps"]]) == ("refused", ["not_run", "refused"])
    assert len(await shop.thread(talk["id"])) == 1


async def test_the_first_refusal_stops_the_rest_and_says_what_was_done(shop: Shop) -> None:
    _, talk = await shop.someone("sms")
    macro = await kept(
        shop.owner,
        {"type": "note", "text": "First"},
        {"type": "close"},
        {"type": "snooze", "hours": 3},
        {"type": "note", "text": "Last"},
    )
    answer = (await runs(shop.owner, macro, talk["id"])).json()
    assert answer["state"] == "stopped"
    assert [step["state"] for step in answer["steps"]] == ["done", "done", "refused", "not_run"]
    assert "closed" in answer["steps"][2]["reason"]
    texts = [(entry["content"] or {}).get("text") for entry in await shop.thread(talk["id"])]
    assert "First" in texts
    assert "Last" not in texts


async def test_a_run_that_was_cut_off_is_taken_up_where_it_stopped(shop: Shop) -> None:
    _, talk = await shop.someone("sms")
    macro = await kept(shop.owner, {"type": "note", "text": "One"}, {"type": "note", "text": "Two"})
    client_id = str(uuid4())
    assert (await runs(shop.owner, macro, talk["id"], client_id)).json()["state"] == "done"
    rows = shop.runtime.mongo.macro_runs
    row = await rows.find_one({"conversation_id": talk["id"]})
    assert row is not None
    # As it stands when the process dies after the first action and before it was noted.
    steps = [{**step, "state": "planned"} for step in row["steps"]]
    await rows.update_one({"_id": row["_id"]}, {"$set": {"state": "running", "steps": steps}})
    busy = await runs(shop.owner, macro, talk["id"], client_id)
    assert (busy.status_code, busy.json()["code"]) == (409, "running")
    earlier = row["claimed_at"] - timedelta(seconds=macros.RUN_SECONDS)
    await rows.update_one({"_id": row["_id"]}, {"$set": {"claimed_at": earlier}})
    answers = await asyncio.gather(*(runs(shop.owner, macro, talk["id"], client_id) for _ in range(3)))
    assert sorted({answer.status_code for answer in answers}) in ([200], [200, 409])
    notes = [entry["content"]["text"] for entry in await shop.thread(talk["id"]) if entry["kind"] == "note"]
    assert notes == ["One", "Two"]


async def test_a_canned_reply_goes_out_in_its_variant_and_cannot_be_deleted(shop: Shop) -> None:
    customer, talk = await shop.someone("sms")
    variants = [{"text": "Long"}, {"text": "Short", "channel": "sms"}]
    reply = await shop.post(
        "/canned-replies", 201, shortcut=f"r{uuid4().hex[:8]}", title="R", variants=variants, shared=True
    )
    macro = await kept(shop.owner, {"type": "reply", "canned_id": reply["id"]}, name="With canned")
    assert (await runs(shop.owner, macro, talk["id"])).json()["state"] == "done"
    await shop.in_ledger("sms", customer["id"], "Short")
    refused = await shop.agent.delete(f"/api/v1/canned-replies/{reply['id']}")
    assert (refused.status_code, refused.json()["code"]) == (409, "in_use")
    assert refused.json()["used_in"] == [{"type": "macro", "id": macro["id"], "name": "With canned"}]
    # Nor is it made somebody's own: the macro is for everyone.
    mine = {"shortcut": reply["shortcut"], "title": "R", "variants": variants, "shared": False}
    refused = await shop.agent.patch(f"/api/v1/canned-replies/{reply['id']}", json=mine)
    assert (refused.status_code, refused.json()["code"]) == (409, "in_use")
    assert (await shop.agent.delete(f"/api/v1/macros/{macro['id']}")).status_code == 204
    assert (await shop.agent.delete(f"/api/v1/canned-replies/{reply['id']}")).status_code == 204


async def test_what_a_macro_names_must_exist(owner: Person, people: Any) -> None:
    agent, reader = await people.join(owner.ws, Role.AGENT), await people.join(owner.ws, Role.READONLY)
    cases: list[tuple[dict[str, Any], str]] = [
        ({"type": "reply"}, "actions.0.text"),
        ({"type": "reply", "text": "{{ contact.zip }}"}, "actions.0.text"),
        ({"type": "reply", "canned_id": "can_none"}, "actions.0.canned_id"),
        ({"type": "assign", "to": "member", "member_id": "mem_none"}, "actions.0.member_id"),
        ({"type": "tag", "add": ["tag_none"]}, "actions.0.add"),
        ({"type": "tag"}, "actions.0.add"),
        ({"type": "template", "account_id": "acc", "name": "x", "language": "en"}, "actions.0.name"),
        ({"type": "assign", "to": "member", "member_id": reader.member.id}, "actions.0.member_id"),
    ]
    for action, field in cases:
        answer = await owner.client.post("/api/v1/macros", json={"name": "Wrong", "actions": [action]})
        assert answer.status_code == 422, action
        assert answer.json()["errors"][0]["field"] == field
    body = {"name": "Shared", "actions": [{"type": "close"}], "shared": True}
    assert (await agent.client.post("/api/v1/macros", json=body)).status_code == 403
    mine = await kept(agent, {"type": "close"}, name="Mine", shared=False)
    assert [m["name"] for m in (await agent.client.get("/api/v1/macros")).json()["items"]] == ["Mine"]
    assert (await owner.client.get(f"/api/v1/macros/{mine['id']}")).status_code == 404
    changed = await agent.client.patch(
        f"/api/v1/macros/{mine['id']}", json={"name": "Ours", "actions": [{"type": "reopen"}], "revision": 1}
    )
    assert (changed.json()["name"], changed.json()["revision"]) == ("Ours", 2)
    late = await agent.client.patch(
        f"/api/v1/macros/{mine['id']}", json={"name": "Late", "actions": [{"type": "close"}], "revision": 1}
    )
    assert late.json()["code"] == "changed_meanwhile"


async def test_a_tag_that_a_macro_sets_is_not_deleted(owner: Person) -> None:
    tag = (await owner.client.post("/api/v1/tags", json={"name": "vip", "colour": "green"})).json()
    await kept(owner, {"type": "tag", "add": [tag["id"]]}, name="To the front")
    refused = await owner.client.delete(f"/api/v1/tags/{tag['id']}")
    assert (refused.status_code, refused.json()["code"]) == (409, "in_use")
    assert "To the front" in refused.json()["detail"]


async def test_a_conversation_is_given_to_a_team_that_then_cannot_go(shop: Shop) -> None:
    _, talk = await shop.someone("sms")
    team = await shop.post("/teams", 201, name=f"Returns {talk['id']}")
    macro = await kept(shop.owner, {"type": "assign", "to": "team", "team_id": team["id"]}, name="To returns")
    assert (await runs(shop.owner, macro, talk["id"])).json()["state"] == "done"
    assert (await shop.get(f"/conversations/{talk['id']}"))["team_id"] == team["id"]
    refused = await shop.agent.request("DELETE", f"/api/v1/teams/{team['id']}", json={})
    assert refused.status_code == 409
    assert "To returns" in refused.json()["detail"]


async def test_conditions_are_asked_before_anything_is_done(shop: Shop) -> None:
    _, talk = await shop.someone("sms")
    tag = await shop.post("/tags", 201, name=f"vip {talk['id']}", colour="violet")
    tagged = {"field": "tags", "op": "has_any", "value": [tag["id"]]}
    low = {"field": "priority", "op": "in", "value": ["low", "normal"]}
    macro = await kept(
        shop.owner,
        {"type": "priority", "priority": "urgent", "when": low},
        {"type": "tag", "add": [tag["id"]]},
        {"type": "note", "text": "An old friend", "when": tagged},
        {"type": "note", "text": "It was not urgent", "when": low},
        name=f"Conditions {talk['id']}",
    )
    planned = await shop.post(f"/macros/{macro['id']}/plan", conversation_id=talk["id"])
    states = ["planned", "planned", "skipped", "planned"]
    assert ([step["state"] for step in planned["steps"]], planned["reason"]) == (states, "")
    assert planned["steps"][2]["reason"] == "Left out: the condition on tags does not hold here."
    done = (await runs(shop.owner, macro, talk["id"])).json()
    # As it was planned, although the first two have changed what the last two ask for.
    assert (done["state"], [step["state"] for step in done["steps"]]) == ("done", ["done", "done", "skipped", "done"])
    again = (await runs(shop.owner, macro, talk["id"])).json()
    assert [step["state"] for step in again["steps"]] == ["skipped", "done", "done", "skipped"]

    body = {"name": macro["name"], "shared": True, "rule": {"not": tagged}, "actions": macro["actions"][1:2]}
    changed = await shop.agent.patch(f"/api/v1/macros/{macro['id']}", json=body)
    assert (changed.status_code, changed.json()["rule"]) == (200, {"not": tagged})
    refused = (await runs(shop.owner, macro, talk["id"])).json()
    assert (refused["state"], refused["steps"][0]["state"]) == ("refused", "not_run")
    assert refused["reason"] == "This macro is for other conversations: the condition on tags does not hold here."
    # What a condition names is in use; nonsense is refused where it stands.
    in_use = await shop.agent.delete(f"/api/v1/tags/{tag['id']}")
    assert ("macro", macro["name"]) in [(use["type"], use["name"]) for use in in_use.json()["used_in"]]
    body["actions"] = [{"type": "close", "when": {"field": "shoe_size", "op": "is", "value": 43}}]
    wrong = await shop.agent.patch(f"/api/v1/macros/{macro['id']}", json=body)
    assert wrong.status_code == 422
    assert wrong.json()["errors"][0]["field"].startswith("actions.0.when")
