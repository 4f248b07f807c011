"""Bulk actions: done once to each, told as they go on, stopped, taken up where they were cut off, and undone."""

from dataclasses import replace
from typing import Any

import pytest

from app.core import audit, ids
from app.core.permissions import Actor, Role
from app.core.runtime import Workspace
from inbox import conversations, episodes
from inbox.conversations import Conversation
from inbox.finding import bulk
from inbox.store import bulk as store
from tests.support.people import People, Person


@pytest.fixture
async def rows(ws: Workspace, owner: Person) -> list[Conversation]:
    found = []
    for number in range(5):
        made = conversations.new_for(ws, ids.new("con"), name=f"C{number}")
        contact = {"_id": made.contact_id, "name": made.contact_name, "name_source": "member", "avatar_hue": 1}
        await ws.db.contacts.insert({**contact, "created_at": ws.clock.now(), "tokens": []})
        assigned = owner.member.id if number == 0 else None
        saved, _ = await conversations.change(ws, made, lambda now, by=assigned: replace(now, assignee_id=by, unread=1))
        found.append(saved)
    return found


async def begin(person: Person, action: dict[str, Any], expected: int = 202, **chosen: Any) -> dict[str, Any]:
    answer = await person.client.post("/api/v1/bulk", json={"action": action, **chosen})
    assert answer.status_code == expected, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def undo(person: Person, made: dict[str, Any]) -> dict[str, Any]:
    answer = await person.client.post(f"/api/v1/bulk/{made['id']}/undo")
    assert answer.status_code == 200, answer.text
    undone: dict[str, Any] = answer.json()
    return undone


async def assignees(ws: Workspace, rows: list[Conversation]) -> list[str | None]:
    return [(await conversations.get(ws, row.id)).assignee_id for row in rows]


async def test_a_few_are_done_at_once_and_put_back(
    people: People, ws: Workspace, owner: Person, rows: list[Conversation]
) -> None:
    me = (await people.join(ws, Role.AGENT)).member.id
    chosen = [row.id for row in rows[:3]]
    made = await begin(owner, {"type": "assign", "member_id": me}, ids=[*chosen, "cnv_gone"])
    assert (made["state"], made["done"], made["failed"]) == ("done", 3, 1)
    assert made["reasons"] == {"There is no such conversation.": 1}
    assert await assignees(ws, rows) == [me, me, me, None, None]
    undone = await undo(owner, made)
    assert (undone["state"], undone["done"]) == ("undone", 3)
    assert await assignees(ws, rows) == [owner.member.id, None, None, None, None]
    again = await owner.client.post(f"/api/v1/bulk/{made['id']}/undo")
    assert again.status_code == 409


async def test_undo_leaves_what_a_colleague_changed_since(
    people: People, ws: Workspace, owner: Person, rows: list[Conversation]
) -> None:
    colleague = await people.join(ws, Role.AGENT)
    made = await begin(owner, {"type": "priority", "priority": "urgent"}, ids=[row.id for row in rows])
    changed = {"priority": "low"}
    await colleague.client.post(f"/api/v1/conversations/{rows[1].id}/priority", json=changed)
    undone = await undo(owner, made)
    assert (undone["done"], undone["failed"]) == (4, 1)
    assert undone["reasons"] == {f"Changed since by {colleague.member.name}; left as it is.": 1}
    assert [(await conversations.get(ws, row.id)).priority for row in rows] == ["normal", "low", *["normal"] * 3]


async def test_all_of_a_list_is_settled_first_and_survives_a_crash(
    ws: Workspace, owner: Person, rows: list[Conversation], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "_BATCH", 2)
    monkeypatch.setattr(bulk, "_PAGE", 2)
    made = await begin(owner, {"type": "close"}, filter={"view": "unassigned"})
    assert made["state"] == "choosing"
    calls = 0
    forwards = bulk._forwards

    async def dies(*arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 4:
            raise RuntimeError("killed")
        return await forwards(*arguments)

    monkeypatch.setattr(bulk, "_forwards", dies)
    with pytest.raises(RuntimeError):
        await bulk.run_one(ws, made["id"])
    monkeypatch.setattr(bulk, "_forwards", forwards)
    await bulk.run_one(ws, made["id"])
    found = (await owner.client.get(f"/api/v1/bulk/{made['id']}")).json()
    assert (found["state"], found["total"], found["failed"]) == ("done", 4, 0)
    states = [(await conversations.get(ws, row.id)).state for row in rows]
    assert states == ["open", *["closed"] * 4]
    await undo(owner, made)
    assert [(await conversations.get(ws, row.id)).state for row in rows] == ["open"] * 5


async def test_it_can_be_stopped(ws: Workspace, owner: Person, rows: list[Conversation]) -> None:
    made = await begin(owner, {"type": "read"}, filter={"view": "open"})
    stopped = (await owner.client.post(f"/api/v1/bulk/{made['id']}/cancel")).json()
    assert stopped["state"] == "cancelled"
    await bulk.run_one(ws, made["id"])
    assert [(await conversations.get(ws, row.id)).unread for row in rows] == [1] * 5
    kept = await store.get(ws, made["id"])
    assert kept is not None
    assert kept.done == 0


async def test_what_is_stopped_and_undone_at_once_is_all_put_back(
    ws: Workspace, owner: Person, rows: list[Conversation], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "_BATCH", 3)
    made = await begin(owner, {"type": "priority", "priority": "urgent"}, filter={"view": "open"})
    forwards, answers = bulk._forwards, []

    async def meanwhile(ws: Workspace, now: bulk.Bulk, actor: Actor, step: bulk.Step) -> Any:
        if step.number == 2:
            for what in ("cancel", "undo"):
                answers.append(await owner.client.post(f"/api/v1/bulk/{made['id']}/{what}"))
        return await forwards(ws, now, actor, step)

    monkeypatch.setattr(bulk, "_forwards", meanwhile)
    await bulk.run_one(ws, made["id"])
    assert [answer.status_code for answer in answers] == [200, 200]
    found = (await owner.client.get(f"/api/v1/bulk/{made['id']}")).json()
    assert (found["state"], found["done"], found["same"], found["failed"]) == ("undone", 3, 2, 0)
    assert [(await conversations.get(ws, row.id)).priority for row in rows] == ["normal"] * 5
    trail = [entry.action for entry in await audit.page(ws, before=None, limit=10)]
    assert [action for action in trail if action.startswith("bulk.")] == ["bulk.undone", "bulk.cancelled", "bulk.begun"]


async def test_undoing_that_was_cut_off_counts_what_was_put_back_before(
    ws: Workspace, owner: Person, rows: list[Conversation], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await begin(owner, {"type": "priority", "priority": "urgent"}, ids=[row.id for row in rows])

    async def killed(*_: Any) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(store, "note", killed)
        assert (await owner.client.post(f"/api/v1/bulk/{made['id']}/undo")).status_code == 500
    await bulk.run_one(ws, made["id"])
    found = (await owner.client.get(f"/api/v1/bulk/{made['id']}")).json()
    assert (found["state"], found["done"], found["reasons"]) == ("undone", 5, {})


async def test_a_colleague_does_not_stop_or_undo_it(
    people: People, ws: Workspace, owner: Person, rows: list[Conversation]
) -> None:
    agent, lead = await people.join(ws, Role.AGENT), await people.join(ws, Role.SUPERVISOR)
    made = await begin(owner, {"type": "priority", "priority": "urgent"}, ids=[rows[0].id])
    for what in ("cancel", "undo"):
        assert (await agent.client.post(f"/api/v1/bulk/{made['id']}/{what}")).status_code == 403
    assert (await undo(lead, made))["done"] == 1


@pytest.mark.parametrize(
    "action",
    [{"type": "close"}, {"type": "snooze"}, {"type": "snooze", "until": "2027-01-01T00:00:00Z"}],
    ids=["close", "snooze", "snooze until"],
)
@pytest.mark.parametrize("late", [False, True])
async def test_what_is_undone_is_unread_and_waits_as_before(
    ws: Workspace,
    owner: Person,
    rows: list[Conversation],
    action: dict[str, Any],
    late: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    since = ws.clock.now().replace(microsecond=0)
    marks = {owner.member.id: 0}
    for row in rows[:2]:
        await conversations.change(ws, row, lambda now: replace(now, unread=3, unread_by=marks, waiting_since=since))
    made = await begin(owner, action, ids=[row.id for row in rows[:2]])
    assert made["done"] == 2
    if late:
        monkeypatch.setattr(episodes, "UNDO_SECONDS", 0)
    assert (await undo(owner, made))["done"] == 2
    for row in rows[:2]:
        now = await conversations.get(ws, row.id)
        assert (now.state, now.unread, now.unread_by, now.waiting_since) == ("open", 3, marks, since)


async def test_tags_are_put_back_one_by_one(ws: Workspace, owner: Person, rows: list[Conversation]) -> None:
    one, two = [(await owner.client.post("/api/v1/tags", json={"name": name})).json()["id"] for name in "ab"]
    await owner.client.post(f"/api/v1/conversations/{rows[0].id}/tags", json={"add": [one]})
    made = await begin(owner, {"type": "tags", "add": [one, two]}, ids=[row.id for row in rows[:2]])
    assert (made["done"], made["same"]) == (2, 0)
    await undo(owner, made)
    assert [(await conversations.get(ws, row.id)).tags for row in rows[:2]] == [(one,), ()]


async def test_what_makes_no_sense_is_refused(owner: Person, rows: list[Conversation]) -> None:
    await begin(owner, {"type": "assign", "member_id": "mem_gone"}, 422, ids=[rows[0].id])
    await begin(owner, {"type": "close"}, 422)
    await begin(owner, {"type": "close"}, 422, ids=[rows[0].id], filter={})
    await begin(owner, {"type": "explode"}, 422, ids=[rows[0].id])
    await begin(owner, {"type": "close"}, 404, filter={"view": "viw_gone"})
