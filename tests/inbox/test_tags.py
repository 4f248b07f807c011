"""Tags and priorities: kept on conversations, told to screens, and refused when a colleague was faster."""

from dataclasses import replace
from typing import Any
from unittest import mock

import pytest

from app.core import ids
from app.core.permissions import Role
from app.core.runtime import Workspace
from inbox import conversations
from tests.support.people import People, Person


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
    assert "1 conversation has the tag “Money back”" in refused.json()["detail"]
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
