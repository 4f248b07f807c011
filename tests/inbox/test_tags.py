"""Tags and priorities: kept on conversations, told to screens, and refused when a colleague was faster."""

from dataclasses import replace
from functools import partial
from typing import Any
from unittest import mock

import pytest

from app.core import ids
from app.core.permissions import Role
from app.core.platform import tags as tag_rows
from app.core.runtime import Workspace
from automations import usage
from inbox import conversations
from inbox.finding import tag_work, tags
from inbox.store import tags as store
from tests.support.people import People, Person
from tests.support.shop import Shop, eventually


@pytest.fixture
async def conversation(ws: Workspace) -> dict[str, Any]:
    made = conversations.new_for(ws, ids.new("con"), name="Ana")
    saved, _ = await conversations.change(ws, made, lambda now: replace(now, unread=1))
    return {"id": saved.id, "contact_id": saved.contact_id, "revision": saved.revision}


async def make(owner: Person, name: str, expected: int = 201) -> dict[str, Any]:
    answer = await owner.client.post("/api/v1/tags", json={"name": name, "colour": "red"})
    assert answer.status_code == expected, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def post(owner: Person, conversation: dict[str, Any], what: str, **body: Any) -> tuple[int, dict[str, Any]]:
    answer = await owner.client.post(f"/api/v1/conversations/{conversation['id']}/{what}", json=body)
    return answer.status_code, answer.json()


async def test_a_tag_in_use_is_renamed_but_not_deleted(owner: Person, conversation: dict[str, Any]) -> None:
    tag = await make(owner, "Refund")
    assert (await make(owner, " refund ", 409))["code"] == "name_taken"
    _, shown = await post(owner, conversation, "tags", add=[tag["id"]])
    assert shown["tags"] == [tag["id"]]
    renamed = await owner.client.patch(f"/api/v1/tags/{tag['id']}", json={"name": "Money back"})
    assert (renamed.json()["name"], renamed.json()["open"], renamed.json()["total"]) == ("Money back", 1, 1)
    refused = await owner.client.delete(f"/api/v1/tags/{tag['id']}")
    assert refused.status_code == 409
    assert refused.json()["code"] == "in_use"
    assert refused.json()["used_in"] == [{"type": "conversations", "id": "", "name": "1"}]
    await post(owner, conversation, "tags", remove=[tag["id"]])
    assert (await owner.client.delete(f"/api/v1/tags/{tag['id']}")).status_code == 204
    assert (await owner.client.get("/api/v1/tags")).json() == {"items": []}


async def test_tagging_is_found_counted_and_noted_down(owner: Person, conversation: dict[str, Any]) -> None:
    tags = [(await make(owner, name))["id"] for name in ("Refund", "VIP")]
    await post(owner, conversation, "tags", add=tags)
    listed = await owner.client.get("/api/v1/conversations", params={"tag": f"{tags[0]},tag_other"})
    assert [row["id"] for row in listed.json()["items"]] == [conversation["id"]]
    events = await owner.client.get(f"/api/v1/conversations/{conversation['id']}/entries")
    assert events.json()["items"][-1]["event"] == {
        "name": "conversation_tagged", "added": ["Refund", "VIP"], "removed": []
    }  # fmt: skip
    audited = (await owner.client.get("/api/v1/audit")).json()["items"]
    assert "conversation.tagged" in [item["action"] for item in audited]
    status, answer = await post(owner, conversation, "tags", add=["tag_gone"])
    assert (status, answer["errors"][0]["field"]) == (422, "add")


async def test_a_colleague_was_faster(people: People, owner: Person, conversation: dict[str, Any]) -> None:
    seen = conversation["revision"]
    colleague = await people.join(owner.ws, Role.AGENT)
    status, _ = await post(colleague, conversation, "priority", priority="urgent", revision=seen)
    assert status == 200
    # Something else was changed: no conflict. The same thing: refused, with who and when. What they want already: fine.
    status, _ = await post(owner, conversation, "assign", member_id=owner.member.id, revision=seen)
    assert status == 200
    status, answer = await post(owner, conversation, "priority", priority="low", revision=seen)
    assert (status, answer["code"]) == (409, "changed_meanwhile")
    by = colleague.member
    assert answer["changed"] == [{"what": "priority", "by": by.id, "name": by.name, "at": mock.ANY, "value": "urgent"}]
    assert colleague.member.name in answer["detail"]
    status, _ = await post(owner, conversation, "priority", priority="urgent", revision=seen)
    assert status == 200
    now = (await owner.client.get(f"/api/v1/conversations/{conversation['id']}")).json()
    status, _ = await post(owner, conversation, "priority", priority="low", revision=now["revision"])
    assert status == 200


async def test_only_who_manages_the_inbox_manages_tags(people: People, owner: Person) -> None:
    agent = await people.join(owner.ws, Role.AGENT)
    assert (await agent.client.post("/api/v1/tags", json={"name": "Mine"})).status_code == 403
    assert (await agent.client.get("/api/v1/tags")).status_code == 200


async def test_what_names_a_tag_follows_when_it_is_merged(shop: Shop) -> None:
    """Also after the process that did it was killed half way: what is left is found again."""
    old, heir = [(await shop.post("/tags", 201, name=name, colour="red"))["id"] for name in ("Broken", "Damaged")]
    rule = {"field": "tags", "op": "has_any", "value": [old]}
    view = await shop.post("/views", 201, name="Broken things", rule=rule)
    action = {"type": "tag", "add": [old, heir], "remove": []}
    macro = await shop.post("/macros", 201, name="It is broken", actions=[action], shared=True)
    team = await shop.post("/teams", 201, name="Repairs", needs=[{"skills": ["repair"], "rule": rule}])
    segment = await shop.post("/segments", 201, name="Owners of broken things", rule=rule)
    audience = {"rule": rule, "exclude": {"rule": {"not": rule}}}
    broadcast = await shop.post("/broadcasts", 201, name="Recall", audience=audience)
    people = [(await shop.someone("sms"))[1] for _ in range(3)]
    for person in people:
        await shop.post(f"/conversations/{person['id']}/tags", add=[old])
    await shop.post(f"/conversations/{people[0]['id']}/tags", add=[heir])
    await shop.post(f"/conversations/{people[1]['id']}/close")
    ticket = await shop.post("/tickets", 201, title="Broken", contact_id=people[0]["contact_id"], tags=[old])

    refused = await shop.agent.delete(f"/api/v1/tags/{old}")
    assert refused.status_code == 409
    places = {use["type"]: use["name"] for use in refused.json()["used_in"]}
    assert places == {
        "conversations": "3", "tickets": "1", "macro": "It is broken", "team": "Repairs",
        "view": "Broken things (of Olu Owner)", "segment": "Owners of broken things", "broadcast": "Recall",
    }  # fmt: skip

    ws = shop.owner.ws
    # As a killed worker leaves it: begun, and one conversation has followed.
    assert await store.begin_merge(ws, old, heir)
    await conversations.set_tags(ws, await conversations.get(ws, people[2]["id"]), add=[heir], remove=[old])
    again = await shop.agent.post(f"/api/v1/tags/{old}/merge", json={"into": heir})
    assert (again.status_code, again.json()["code"]) == (409, "merging")
    refused = await shop.agent.post(f"/api/v1/conversations/{people[2]['id']}/tags", json={"add": [old]})
    assert refused.status_code == 422
    assert await tag_rows.pending(shop.runtime) == [(ws.id, old)]
    await tag_work.run_one(ws, old, swap_above=usage.swap_tag, naming_above=usage.using_tag)

    assert await tag_rows.pending(shop.runtime) == []
    assert [tag["id"] for tag in (await shop.get("/tags"))["items"] if tag["id"] in (old, heir)] == [heir]
    assert [(await shop.get(f"/conversations/{each['id']}"))["tags"] for each in people] == [[heir]] * 3
    assert (await shop.get(f"/tickets/{ticket['id']}"))["tags"] == [heir]
    found = {each["id"]: each for each in (await shop.get("/macros"))["items"]}
    assert found[macro["id"]]["actions"][0]["add"] == [heir]
    heirs = {"field": "tags", "op": "has_any", "value": [heir]}
    assert (await shop.get(f"/segments/{segment['id']}"))["rule"] == heirs
    wanted = (await shop.get(f"/broadcasts/{broadcast['id']}"))["plan"]["audience"]
    assert (wanted["rule"], wanted["exclude"]["rule"]) == (heirs, {"not": heirs})
    views = {each["id"]: each for each in (await shop.get("/views"))["items"]}
    assert views[view["id"]]["rule"]["value"] == [heir]
    assert (await shop.get(f"/teams/{team['id']}"))["needs"][0]["rule"]["value"] == [heir]
    numbers = {tag["id"]: (tag["open"], tag["total"]) for tag in (await shop.get("/tags"))["items"]}
    assert numbers[heir] == (2, 3)
    # Its name is free again, and the past is told with it.
    assert (await tags.names(ws))[old] == "Broken"
    assert (await shop.post("/tags", 201, name="Broken", colour="red"))["id"] != old
    merged = await shop.post(f"/tags/{heir}/merge", 202, into=(await shop.get("/tags"))["items"][0]["id"])
    assert merged["merges_into"]
    await eventually(partial(_is_gone, shop, heir))


async def _is_gone(shop: Shop, tag_id: str) -> bool:
    return all(tag["id"] != tag_id for tag in (await shop.get("/tags"))["items"])
