"""Signing in and out, through HTTP."""

from tests.support.people import Person


async def test_signs_in_and_out(owner: Person) -> None:
    assert (await owner.client.get("/api/v1/me")).json()["member"]["id"] == owner.member.id
    assert (await owner.client.post("/api/v1/logout")).status_code == 204
    answer = await owner.client.get("/api/v1/me")
    assert answer.status_code == 401
    assert answer.json()["code"] == "signed_out"
