"""The audit trail, through HTTP."""

import dataclasses
from datetime import timedelta
from typing import Any

from app.core import audit
from app.core.audit import Target
from app.core.clock import FixedClock
from app.core.permissions import SYSTEM, Role
from app.core.platform import audit as audit_rows
from app.core.runtime import Workspace
from tests.support.people import People, Person

AUDIT = "/api/v1/audit"


async def trail(person: Person, limit: int = 200) -> list[dict[str, Any]]:
    """Everything, page by page."""
    items: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        query = {"limit": limit, **({"cursor": cursor} if cursor else {})}
        page = (await person.client.get(AUDIT, params=query)).json()
        assert len(page["items"]) <= limit
        items += page["items"]
        if (cursor := page["next_cursor"]) is None:
            return items


async def test_every_change_leaves_an_entry(people: People, owner: Person) -> None:
    agent = await people.join(owner.ws, Role.AGENT)
    invitation = await owner.client.post("/api/v1/invitations", json={"email": "ama@example.com", "role": "agent"})
    await owner.client.delete(f"/api/v1/invitations/{invitation.json()['id']}")
    await owner.client.patch(f"/api/v1/members/{agent.member.id}", json={"role": "supervisor"})
    await owner.client.post(f"/api/v1/members/{agent.member.id}/sign-out")
    token = await owner.client.post("/api/v1/tokens", json={"name": "Robot", "scopes": ["inbox.read"]})
    await owner.client.delete(f"/api/v1/tokens/{token.json()['id']}")
    items = await trail(owner)
    assert [item["action"] for item in items] == [
        "token.deleted",
        "token.created",
        "sessions.revoked",
        "member.changed",
        "invitation.withdrawn",
        "invitation.created",
        "session.started",
        "member.created",
        "session.started",
        "workspace.created",
        "member.created",
    ]
    changed = next(item for item in items if item["action"] == "member.changed")
    assert changed["actor"] == {"type": "member", "id": owner.member.id, "name": owner.member.name}
    assert changed["target"] == {"type": "member", "id": agent.member.id, "label": agent.member.name}
    assert changed["detail"] == {"role": "supervisor", "role_name": "Supervisor"}
    assert changed["ip"] == "127.0.0.1"
    assert token.json()["token"] not in str(items)


async def test_filters_by_who_what_and_when(people: People, owner: Person) -> None:
    admin = await people.join(owner.ws, Role.ADMIN)
    clock = FixedClock(owner.ws.clock.now() - timedelta(days=40))
    past = Workspace(dataclasses.replace(owner.ws.runtime, clock=clock), owner.ws.id)
    for day in range(40):
        for person in (owner, admin):
            by = dataclasses.replace(SYSTEM, type="member", id=person.member.id, name=person.member.name)
            about = "ticket" if day % 2 else "contact"
            await audit.record(past, by, f"{about}.edited", Target(about, f"{about}-{day}", str(day)))
        clock.advance(days=1)

    async def found(**wanted: str) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = []
        query: dict[str, Any] = {**wanted, "limit": 7}
        while True:
            answer = await owner.client.get(AUDIT, params=query)
            assert answer.status_code == 200, answer.text
            items += answer.json()["items"]
            if (cursor := answer.json()["next_cursor"]) is None:
                return items
            query["cursor"] = cursor

    theirs = await found(actor_id=admin.member.id, about="ticket")
    assert [item["target"]["label"] for item in theirs] == [str(day) for day in range(39, 0, -2)]
    assert {item["actor"]["id"] for item in theirs} == {admin.member.id}
    since, until = (theirs[5]["at"], theirs[2]["at"])
    between = await found(actor_id=admin.member.id, about="ticket", since=since, until=until)
    assert [item["id"] for item in between] == [item["id"] for item in theirs[3:6]]
    assert await found(about="nothing_like_it") == []
    # Entries of before the filter are found as well.
    await owner.ws.runtime.mongo.audit.update_many({"noun": "ticket"}, {"$unset": {"noun": ""}})
    assert await found(about="ticket") == []
    await audit_rows.add_nouns(owner.ws.runtime.mongo)
    assert len(await found(about="ticket")) == 40
    for wrong in ({"since": "yesterday"}, {"about": "$ne"}, {"until": "2026-01-01T00:00:00"}):
        assert (await owner.client.get(AUDIT, params=wrong)).status_code == 422


async def test_pages_over_any_spread_of_times(owner: Person) -> None:
    clock = FixedClock(owner.ws.clock.now() - timedelta(days=400))
    ws = Workspace(owner.ws.runtime, owner.ws.id)
    steps = [0, 0, 0, 0, 0.001, 1, 3_600, 86_400, 0, 20 * 86_400, 300 * 86_400]
    runtime_clock = ws.runtime.clock
    try:
        ws.runtime.clock = clock
        for number, seconds in enumerate(steps):
            clock.advance(seconds=seconds)
            await audit.record(ws, SYSTEM, "thing.done", Target("thing", str(number)))
    finally:
        ws.runtime.clock = runtime_clock
    everything = await trail(owner)
    assert [item["id"] for item in await trail(owner, limit=2)] == [item["id"] for item in everything]
    times = [item["at"] for item in everything]
    assert times == sorted(times, reverse=True)
    things = [item["target"]["id"] for item in everything if item["target"]["type"] == "thing"]
    assert sorted(things, key=int) == [str(number) for number in range(len(steps))]


async def test_credentials_in_the_detail_are_struck_out(owner: Person) -> None:
    detail = {"config": {"access_token": "EAAsecretsecretsecret", "name": "Shop"}, "url": "https://u:pw@example.com"}
    await audit.record(owner.ws, SYSTEM, "account.changed", Target("account", "acc_1"), detail)
    (item, *_) = await trail(owner)
    assert item["detail"]["config"] == {"access_token": "[redacted]", "name": "Shop"}
    assert "pw" not in item["detail"]["url"]
