"""API tokens, through HTTP."""

import asyncio

import httpx

from app.core.permissions import Role
from app.core.runtime import Runtime
from app.core.settings import Settings
from tests.support import servers
from tests.support.people import People, Person
from web.app import create_app

TOKENS = "/api/v1/tokens"


async def make(person: Person, *scopes: str) -> tuple[str, dict[str, str]]:
    """The token's id, and the header that carries it."""
    answer = await person.client.post(TOKENS, json={"name": "Robot", "scopes": list(scopes)})
    assert answer.status_code == 201, answer.text
    assert answer.json()["token"].startswith("pat_")
    return answer.json()["id"], {"authorization": f"Bearer {answer.json()['token']}"}


async def test_a_token_acts_within_its_scopes(owner: Person, anonymous: httpx.AsyncClient) -> None:
    _, headers = await make(owner, "members.read")
    assert (await anonymous.get("/api/v1/members", headers=headers)).status_code == 200
    assert (await anonymous.get("/api/v1/audit", headers=headers)).status_code == 403
    me = (await anonymous.get("/api/v1/me", headers=headers)).json()
    assert me["permissions"] == ["members.read"]
    assert me["csrf"] == ""


async def test_a_token_needs_no_csrf_value(owner: Person, anonymous: httpx.AsyncClient) -> None:
    _, headers = await make(owner, "inbox.read", "inbox.reply", "inbox.manage")
    assert (await anonymous.post("/api/v1/tags", json={"name": "Robot"}, headers=headers)).status_code == 201


async def test_a_token_gives_nobody_rights_that_it_lacks(owner: Person, anonymous: httpx.AsyncClient) -> None:
    _, headers = await make(owner, "members.manage")
    body = {"email": "robot@example.com", "role": "agent"}
    refused = await anonymous.post("/api/v1/invitations", json=body, headers=headers)
    assert refused.status_code == 403, refused.text


async def test_the_token_is_shown_once_and_stored_as_a_hash(owner: Person, runtime: Runtime) -> None:
    token_id, headers = await make(owner, "members.read")
    secret = headers["authorization"].removeprefix("Bearer ")
    listed = await owner.client.get(TOKENS)
    assert [item["id"] for item in listed.json()["items"]] == [token_id]
    assert secret not in listed.text
    for name in await runtime.mongo.list_collection_names():
        assert secret not in str(await runtime.mongo[name].find({}).to_list())


async def test_nobody_gives_more_than_they_have(people: People, owner: Person, anonymous: httpx.AsyncClient) -> None:
    admin = await people.join(owner.ws, Role.ADMIN)
    answer = await admin.client.post(TOKENS, json={"name": "More", "scopes": ["workspace.manage"]})
    assert answer.status_code == 403
    _, headers = await make(owner, "tokens.manage")
    raised = await anonymous.post(TOKENS, json={"name": "More", "scopes": ["audit.read"]}, headers=headers)
    assert raised.status_code == 403


async def test_a_token_may_no_more_than_its_maker_still_may(
    people: People, owner: Person, anonymous: httpx.AsyncClient
) -> None:
    admin = await people.join(owner.ws, Role.ADMIN)
    _, headers = await make(admin, "audit.read", "members.read")
    path = f"/api/v1/members/{admin.member.id}"
    assert (await anonymous.get("/api/v1/audit", headers=headers)).status_code == 200
    await owner.client.patch(path, json={"role": "agent"})
    assert (await anonymous.get("/api/v1/audit", headers=headers)).status_code == 403
    assert (await anonymous.get("/api/v1/members", headers=headers)).status_code == 200
    await owner.client.patch(path, json={"status": "disabled"})
    assert (await anonymous.get("/api/v1/members", headers=headers)).status_code == 401


async def test_a_deleted_token_ends_in_every_process(
    owner: Person, anonymous: httpx.AsyncClient, settings: Settings
) -> None:
    token_id, headers = await make(owner, "members.read")
    app = create_app(settings)
    async with servers.live(app) as second, httpx.AsyncClient(base_url=second, headers=headers) as elsewhere:
        assert (await elsewhere.get("/api/v1/members")).status_code == 200
        assert (await anonymous.get("/api/v1/members", headers=headers)).status_code == 200
        assert (await owner.client.delete(f"{TOKENS}/{token_id}")).status_code == 204
        assert (await anonymous.get("/api/v1/members", headers=headers)).status_code == 401
        for _ in range(20):
            if (status := (await elsewhere.get("/api/v1/members")).status_code) == 401:
                break
            await asyncio.sleep(0.02)
        assert status == 401
    assert (await owner.client.delete(f"{TOKENS}/{token_id}")).status_code == 404


async def test_the_last_use_is_noted(owner: Person, anonymous: httpx.AsyncClient) -> None:
    _, headers = await make(owner, "members.read")
    assert (await owner.client.get(TOKENS)).json()["items"][0]["last_used_at"] is None
    await anonymous.get("/api/v1/members", headers=headers)
    assert (await owner.client.get(TOKENS)).json()["items"][0]["last_used_at"].endswith("Z")
