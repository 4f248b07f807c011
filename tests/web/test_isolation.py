"""Two workspaces: nothing of the one is seen or changed with the credentials of the other, on any route."""

import httpx
import orjson
import pytest

from app.core.permissions import Permission, Role
from app.core.runtime import Runtime
from tests.support import surface
from tests.support.people import People, Person
from web.api.endpoint import Endpoint


@pytest.fixture
async def victim(people: People) -> Person:
    """A workspace with something in every list."""
    ws, owner = await people.workspace("Victim")
    await people.join(ws, Role.AGENT)
    await owner.client.post("/api/v1/invitations", json={"email": "victim@example.com", "role": "agent"})
    await owner.client.post("/api/v1/tokens", json={"name": "Victim's token", "scopes": ["inbox.read"]})
    return owner


async def ids_of(runtime: Runtime, workspace_id: str) -> set[str]:
    """Every id that the database has for this workspace, in whatever collection."""
    found = {workspace_id}
    for name in await runtime.mongo.list_collection_names():
        async for row in runtime.mongo[name].find({"workspace_id": workspace_id}):
            found |= {value for key, value in row.items() if key in ("_id", "id") and isinstance(value, str)}
    return found


async def snapshot(runtime: Runtime, workspace_id: str) -> dict[str, list[object]]:
    names = sorted(await runtime.mongo.list_collection_names())
    found = {name: await runtime.mongo[name].find({"workspace_id": workspace_id}).to_list() for name in names}
    # A collection begins to be with the first row in it, whosever that is.
    return {name: rows for name, rows in found.items() if rows}


async def test_every_route_walked_with_the_ids_of_another_workspace(
    people: People, victim: Person, runtime: Runtime, anonymous: httpx.AsyncClient
) -> None:
    _, attacker = await people.workspace("Attacker")
    made = await attacker.client.post("/api/v1/tokens", json={"name": "All", "scopes": list(Permission)})
    token = {"authorization": f"Bearer {made.json()['token']}"}
    theirs = await ids_of(runtime, victim.ws.id)
    before = await snapshot(runtime, victim.ws.id)
    for endpoint in surface.not_public():
        if endpoint.path == "/api/v1/logout" or (endpoint.method == "DELETE" and not endpoint.path_names):
            continue
        for row_id in theirs if endpoint.path_names else {surface.NOBODYS_ID}:
            for client, headers in ((attacker.client, {}), (anonymous, token)):
                for body in bodies(endpoint):
                    answer = await client.request(
                        endpoint.method, surface.url(endpoint, row_id), headers=headers, content=body
                    )
                    where = f"{surface.label(endpoint)} {row_id} {body!r}: {answer.status_code}"
                    assert answer.status_code < 500, where
                    if endpoint.path_names:
                        assert answer.status_code >= 400, where
                    echoed = answer.text.replace(row_id, "")
                    assert not any(their_id in echoed for their_id in theirs), where
    assert await snapshot(runtime, victim.ws.id) == before


def bodies(endpoint: Endpoint) -> list[bytes]:
    """Nothing, or changes that endpoints may take."""
    if endpoint.body_model is None:
        return [b""]
    return [orjson.dumps(body) for body in ({}, {"status": "disabled"}, {"role": "readonly"}, {"name": "Taken"})]


async def test_a_session_cookie_is_worth_nothing_as_a_token_and_the_other_way_round(
    owner: Person, anonymous: httpx.AsyncClient
) -> None:
    made = await owner.client.post("/api/v1/tokens", json={"name": "One", "scopes": ["members.read"]})
    swapped = [
        {"authorization": f"Bearer {owner.client.cookies['parley_session']}"},
        {"cookie": f"parley_session={made.json()['token']}"},
    ]
    for headers in swapped:
        assert (await anonymous.get("/api/v1/members", headers=headers)).status_code == 401
