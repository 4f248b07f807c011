"""Every route × every role, and every route without anybody; new endpoints are included by being in the table."""

import httpx
import pytest

from app.core.permissions import PERMISSIONS, Permission, Role
from tests.support import surface
from tests.support.people import People, Person
from web.api.endpoint import Access, Endpoint


@pytest.mark.parametrize("role", list(Role))
async def test_a_role_reaches_what_its_permissions_say(people: People, owner: Person, role: Role) -> None:
    person = await people.join(owner.ws, role)
    wrong: list[str] = []
    for endpoint, permission in surface.guarded():
        answer = await person.client.request(endpoint.method, surface.url(endpoint), **surface.body_of(endpoint))
        refused = answer.status_code == 403
        if answer.status_code >= 500 or refused == (permission in PERMISSIONS[role]):
            wrong.append(f"{surface.label(endpoint)} as {role}: {answer.status_code}")
    assert not wrong


@pytest.mark.parametrize("endpoint", surface.not_public(), ids=surface.label)
async def test_nobody_gets_in_without_signing_in(anonymous: httpx.AsyncClient, endpoint: Endpoint) -> None:
    tries: list[dict[str, str]] = [
        {},
        {"cookie": "parley_session=ses_" + "A" * 43},
        {"cookie": "parley_session=\xff"},
        {"authorization": "Bearer pat_" + "A" * 43},
        {"authorization": "Bearer"},
        {"authorization": "Basic YTpi"},
    ]
    for headers in tries:
        raw = {name: value.encode("latin-1") for name, value in headers.items()}
        answer = await anonymous.request(endpoint.method, surface.url(endpoint), headers=raw)
        assert answer.status_code == 401, headers
        assert answer.json()["code"] == "signed_out"
        assert answer.headers["content-type"] == "application/problem+json"


async def test_a_token_reaches_what_its_scopes_say(owner: Person, anonymous: httpx.AsyncClient) -> None:
    for scope in Permission:
        made = await owner.client.post("/api/v1/tokens", json={"name": scope, "scopes": [scope]})
        headers = {"authorization": f"Bearer {made.json()['token']}"}
        for endpoint, permission in surface.guarded():
            answer = await anonymous.request(
                endpoint.method, surface.url(endpoint), headers=headers, **surface.body_of(endpoint)
            )
            assert (answer.status_code == 403) == (permission is not scope), surface.label(endpoint)


async def test_a_token_is_no_person(owner: Person, anonymous: httpx.AsyncClient) -> None:
    made = await owner.client.post("/api/v1/tokens", json={"name": "All", "scopes": list(Permission)})
    headers = {"authorization": f"Bearer {made.json()['token']}"}
    for endpoint in surface.not_public():
        if endpoint.permission is Access.MEMBER:
            answer = await anonymous.request(endpoint.method, surface.url(endpoint), headers=headers)
            assert answer.status_code == 403, surface.label(endpoint)


def test_every_role_may_do_something_and_no_more_than_an_owner() -> None:
    for role in Role:
        assert PERMISSIONS[role]
        assert PERMISSIONS[role] <= PERMISSIONS[Role.OWNER]
    assert not any(permission.endswith(("manage", "write", "reply")) for permission in PERMISSIONS[Role.READONLY])
