"""Saved views hold what their rule says, whatever happens to conversations, rules and the clock."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.core import ids, rules
from app.core.clock import FixedClock
from app.core.permissions import SYSTEM, Role
from app.core.runtime import Runtime, Workspace
from inbox import conversations
from inbox.conversations import Conversation, Reach
from inbox.finding import counters, listing, view_work, views
from inbox.finding.lists import Wanted
from inbox.sight import Sight
from inbox.store import views as store
from tests.support.people import People, Person

NOW = datetime.now(UTC).replace(microsecond=0)
URGENT = {"field": "priority", "op": "is", "value": "urgent"}


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "KNOWN_SECONDS", -1.0)
    monkeypatch.setattr(views._known, "_seconds", 0.0)


def at(runtime: Runtime, when: datetime) -> tuple[Workspace, FixedClock]:
    clock = FixedClock(when)
    return replace(runtime, clock=clock).workspace(ids.new("ws")), clock


async def put(ws: Workspace, **values: Any) -> Conversation:
    made = conversations.new_for(ws, ids.new("con"), name="Ana")
    return (await conversations.change(ws, made, lambda now: replace(now, **values)))[0]


async def make(ws: Workspace, rule: Any) -> str:
    return (await views.create(ws, SYSTEM, name="V", rule=rule, shared=True)).id


async def members(ws: Workspace, view_id: str) -> set[str]:
    found, _ = await listing.page(ws, Wanted(view=view_id), sight=Sight("mem_1"), cursor=None, limit=200)
    return {row.id for row in found}


AGO = st.sampled_from([None, 0, 30, 3_000, 3_700, 80_000, 90_000]).map(
    lambda seconds: None if seconds is None else NOW - timedelta(seconds=seconds)
)
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "state": st.sampled_from(["open", "pending", "snoozed", "closed"]),
            "priority": st.sampled_from(["normal", "urgent"]),
            "tags": st.sampled_from([(), ("tag_1",)]),
            "waiting_since": AGO,
            "last_activity_at": AGO.map(lambda when: when or NOW),
            "reach": AGO.map(lambda when: (Reach("acc", "whatsapp:1", when, window_hours=24),)),
        }
    ),
    min_size=1,
    max_size=8,
)
HOUR, DAY = {"amount": 1, "unit": "hours"}, {"amount": 1, "unit": "days"}
LEAVES = st.sampled_from(
    [
        URGENT,
        {"field": "tags", "op": "has_any", "value": ["tag_1"]},
        {"field": "state", "op": "is", "value": "snoozed"},
        {"field": "waiting_since", "op": "older_than", "value": HOUR},
        {"field": "last_activity_at", "op": "within_last", "value": HOUR},
        {"field": "window_closes_at", "op": "within_next", "value": HOUR},
        {"field": "waiting_since", "op": "within_last", "value": DAY},
    ]
)
RULES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(lambda parts: {"all": parts}, st.lists(inner, max_size=2)),
        st.builds(lambda parts: {"any": parts}, st.lists(inner, max_size=2)),
        st.builds(lambda part: {"not": part}, inner),
    ),
    max_leaves=4,
)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS, rule=RULES, other=RULES, steps=st.lists(st.integers(1, 90_000), max_size=3))
async def test_members_are_who_the_rule_says(
    runtime: Runtime, rows: list[dict[str, Any]], rule: Any, other: Any, steps: list[int]
) -> None:
    ws, clock = at(runtime, NOW)
    before = [await put(ws, **row) for row in rows[: len(rows) // 2]]
    view_id = await make(ws, rule)
    await view_work.evaluate(ws, view_id)
    made = [*before, *[await put(ws, **row) for row in rows[len(rows) // 2 :]]]

    async def agrees(rule: Any) -> None:
        holds = rules.predicate(views.CATALOGUE, rule)
        stored = [await conversations.get(ws, one.id) for one in made]
        wanted = {row.id for row in stored if row.state != "closed" and holds(views.thing(row), clock.now())}
        assert await members(ws, view_id) == wanted, rule
        assert (await counters.numbers_of(ws, [f"view:{view_id}"]))[f"view:{view_id}"] == len(wanted)

    await agrees(rule)
    for seconds in steps:
        clock.advance(seconds=seconds)
        await view_work.pass_time(ws)
        await agrees(rule)
    await views.edit(ws, SYSTEM, view_id, rule=other)
    await view_work.evaluate(ws, view_id)
    await agrees(other)
    await views.delete(ws, SYSTEM, view_id)
    await view_work.evaluate(ws, view_id)
    assert await members(ws, view_id) == set()
    assert not await store.is_deleted(ws, view_id)


async def save(person: Person, expected: int = 201, **body: Any) -> dict[str, Any]:
    answer = await person.client.post("/api/v1/views", json={"name": "Urgent", "rule": URGENT, **body})
    assert answer.status_code == expected, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def listed(person: Person) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await person.client.get("/api/v1/views")).json()["items"]
    return found


async def test_own_views_are_ones_own_and_shared_ones_everybodys(people: People, owner: Person) -> None:
    agent = await people.join(owner.ws, Role.AGENT)
    await save(agent, 403, shared=True)
    own, shared = await save(agent, name="Mine"), await save(owner, name="Everybody's", shared=True)
    assert [view["name"] for view in await listed(agent)] == ["Everybody's", "Mine"]
    assert [view["name"] for view in await listed(owner)] == ["Everybody's"]
    for answer in (
        await owner.client.get("/api/v1/conversations", params={"view": own["id"]}),
        await owner.client.delete(f"/api/v1/views/{own['id']}"),
    ):
        assert answer.status_code == 404
    assert (await agent.client.patch(f"/api/v1/views/{shared['id']}", json={"name": "X"})).status_code == 403
    assert (await agent.client.delete(f"/api/v1/views/{own['id']}")).status_code == 204


async def test_a_rule_that_cannot_be_is_refused_where_it_is_wrong(owner: Person) -> None:
    answer = await save(owner, 422, rule={"all": [URGENT, {"field": "tags", "op": "is", "value": "x"}]})
    assert answer["errors"] == [
        {"field": "rule.all.1.op", "message": "Tags can be asked with has_any, has_all, has_none, is_set, not_set."}
    ]
    shown = (await owner.client.get("/api/v1/views/catalogue")).json()
    assert {"assignee", "team", "tags"} <= {field["name"] for field in shown["fields"]}


async def test_a_tag_that_a_view_asks_for_is_not_deleted(owner: Person) -> None:
    tag = (await owner.client.post("/api/v1/tags", json={"name": "Refund"})).json()
    await save(owner, name="Refunds", rule={"field": "tags", "op": "has_any", "value": [tag["id"]]})
    refused = await owner.client.delete(f"/api/v1/tags/{tag['id']}")
    assert (refused.status_code, refused.json()["code"]) == (409, "in_use")
    assert "view Refunds" in refused.json()["detail"]


async def test_a_view_of_ones_own_says_whose_it_is_until_they_are_gone(people: People, owner: Person) -> None:
    tag = (await owner.client.post("/api/v1/tags", json={"name": "VIP"})).json()["id"]
    ama = await people.join(owner.ws, Role.AGENT)
    await save(ama, name="Mine", rule={"field": "tags", "op": "has_any", "value": [tag]})
    refused = await owner.client.delete(f"/api/v1/tags/{tag}")
    assert [use["name"] for use in refused.json()["used_in"]] == [f"Mine (of {ama.member.name})"]
    await owner.client.patch(f"/api/v1/members/{ama.member.id}", json={"status": "disabled"})
    assert (await owner.client.delete(f"/api/v1/tags/{tag}")).status_code == 204


async def test_views_are_arranged(owner: Person) -> None:
    made = [await save(owner, name=name, shared=True) for name in "abc"]
    order = [made[2]["id"], made[0]["id"], made[1]["id"]]
    answer = await owner.client.post("/api/v1/views/order", json={"ids": order})
    assert [view["name"] for view in answer.json()["items"]] == ["c", "a", "b"]
    counts = (await owner.client.get("/api/v1/conversations/counts")).json()
    assert counts["views"] == {view["id"]: 0 for view in made}
