"""A POST that is sent again is answered again and not done again."""

import asyncio
from datetime import timedelta

import pytest

from app.core.clock import Clock
from app.core.permissions import Role
from app.core.runtime import Runtime
from tests.support.people import People, Person, email

TOKENS = "/api/v1/tokens"
BODY = {"name": "Robot", "scopes": ["inbox.read"]}


async def names(person: Person) -> list[str]:
    return [item["name"] for item in (await person.client.get(TOKENS)).json()["items"]]


async def test_a_repeat_gets_the_same_answer(owner: Person) -> None:
    headers = {"idempotency-key": "one"}
    first = await owner.client.post(TOKENS, json=BODY, headers=headers)
    second = await owner.client.post(TOKENS, json=BODY, headers=headers)
    assert first.status_code == second.status_code == 201
    assert second.json() == first.json()
    assert second.headers["idempotency-replayed"] == "true"
    assert await names(owner) == ["Robot"]


async def test_repeats_at_the_same_time_are_done_once(owner: Person) -> None:
    headers = {"idempotency-key": "same-time"}
    answers = await asyncio.gather(*(owner.client.post(TOKENS, json=BODY, headers=headers) for _ in range(12)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["token"] for answer in answers}) == 1
    assert await names(owner) == ["Robot"]


async def test_a_key_for_another_request_is_refused(owner: Person) -> None:
    headers = {"idempotency-key": "reused"}
    await owner.client.post(TOKENS, json=BODY, headers=headers)
    others = [(TOKENS, {**BODY, "name": "Other"}), ("/api/v1/invitations", {"email": email(), "role": "agent"})]
    for path, body in others:
        answer = await owner.client.post(path, json=body, headers=headers)
        assert answer.status_code == 409
        assert answer.json()["code"] == "idempotency_key_reused"


async def test_keys_of_different_callers_do_not_meet(people: People, owner: Person) -> None:
    admin = await people.join(owner.ws, Role.ADMIN)
    _, stranger = await people.workspace()
    made = [
        (await person.client.post(TOKENS, json=BODY, headers={"idempotency-key": "shared"})).json()["id"]
        for person in (owner, admin, stranger)
    ]
    assert len(set(made)) == 3


async def test_a_refused_request_may_be_tried_again(owner: Person) -> None:
    headers = {"idempotency-key": "refused"}
    body = {"email": owner.member.email, "role": "agent"}
    assert (await owner.client.post("/api/v1/invitations", json=body, headers=headers)).status_code == 409
    assert (await owner.client.post(TOKENS, json=BODY, headers=headers)).status_code == 201


async def test_the_kept_answer_is_not_readable_at_rest(owner: Person, runtime: Runtime) -> None:
    answer = await owner.client.post(TOKENS, json=BODY, headers={"idempotency-key": "secret"})
    rows = await runtime.mongo.idempotency.find({"workspace_id": owner.ws.id}).to_list()
    assert len(rows) == 1
    assert answer.json()["token"] not in str(rows)
    assert rows[0]["expires_at"] - Clock().now() > timedelta(hours=23)


async def test_a_claim_of_a_process_that_died_is_taken_over(owner: Person, runtime: Runtime) -> None:
    headers = {"idempotency-key": "died"}
    await owner.client.post(TOKENS, json=BODY, headers=headers)
    died = {"done": False, "claimed_at": Clock().now() - timedelta(seconds=61)}
    await runtime.mongo.idempotency.update_many({"workspace_id": owner.ws.id}, {"$set": died})
    answers = await asyncio.gather(*(owner.client.post(TOKENS, json=BODY, headers=headers) for _ in range(5)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1


@pytest.mark.parametrize("key", [b"", b"x" * 201, b"\xff", b"a\tb"])
async def test_refuses_an_unusable_key(owner: Person, key: bytes) -> None:
    answer = await owner.client.post(TOKENS, json=BODY, headers=[(b"idempotency-key", key)])
    assert answer.status_code == 422
    assert await names(owner) == []
