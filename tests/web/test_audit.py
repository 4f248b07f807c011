"""The audit trail, through HTTP."""

from datetime import timedelta
from typing import Any

from app.core import audit
from app.core.audit import Target
from app.core.clock import FixedClock
from app.core.permissions import SYSTEM, Role
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
    assert changed["detail"] == {"role": "supervisor"}
    assert changed["ip"] == "127.0.0.1"
    assert token.json()["token"] not in str(items)


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
