"""Shared drafts: kept by author and mode, seen by colleagues, taken over once, over when sent."""

import asyncio
from typing import Any

from app.core.permissions import Role
from tests.support.people import Person
from tests.support.shop import Shop


async def save(person: Person, conversation_id: str, text: str, mode: str = "reply", **more: Any) -> Any:
    path = f"/api/v1/conversations/{conversation_id}/drafts"
    answer = await person.client.post(path, json={"mode": mode, "text": text, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()["draft"]


async def listed(person: Person, path: str) -> list[dict[str, Any]]:
    answer = await person.client.get(f"/api/v1{path}")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


async def test_a_draft_is_kept_by_author_and_mode_until_it_is_empty(shop: Shop) -> None:
    ama = await shop.people.join(shop.owner.ws, Role.AGENT)
    _, talk = await shop.someone("sms")
    path = f"/conversations/{talk['id']}/drafts"
    assert (await save(ama, talk["id"], "Dear"))["revision"] == 1
    assert (await save(ama, talk["id"], "Dear Ana"))["revision"] == 2
    await save(ama, talk["id"], "She is a regular", "note")
    await save(shop.owner, talk["id"], "Hello")
    seen = {(d["member_name"], d["mode"]): d["text"] for d in await listed(shop.owner, path)}
    assert seen == {
        ("Ama Agent", "reply"): "Dear Ana",
        ("Ama Agent", "note"): "She is a regular",
        ("Olu Owner", "reply"): "Hello",
    }
    assert [d["text"] for d in await listed(ama, "/drafts")] == ["She is a regular", "Dear Ana"]
    assert await save(ama, talk["id"], " \n") is None
    assert [d["mode"] for d in await listed(ama, "/drafts")] == ["note"]


async def test_one_of_many_takes_a_draft_over(shop: Shop) -> None:
    ama = await shop.people.join(shop.owner.ws, Role.AGENT)
    takers = [await shop.people.join(shop.owner.ws, Role.AGENT) for _ in range(3)]
    _, talk = await shop.someone("sms")
    draft = await save(ama, talk["id"], "The refund is")
    await save(takers[0], talk["id"], "Mine so far")
    answers = await asyncio.gather(*(t.client.post(f"/api/v1/drafts/{draft['id']}/take-over") for t in takers))
    assert sorted(answer.status_code for answer in answers) == [200, 404, 404]
    taken = next(answer.json() for answer in answers if answer.status_code == 200)
    assert taken["text"] in ("The refund is", "Mine so far\nThe refund is")
    assert await listed(ama, "/drafts") == []
    reader = await shop.people.join(shop.owner.ws, Role.READONLY)
    assert (await reader.client.post(f"/api/v1/drafts/{taken['id']}/take-over")).status_code == 403


async def test_a_translation_brings_along_what_it_was_made_of(shop: Shop) -> None:
    ama = await shop.people.join(shop.owner.ws, Role.AGENT)
    _, talk = await shop.someone("sms")
    written = {"text": "Tomorrow", "language": "fr"}
    assert (await save(ama, talk["id"], "Demain", written=written))["written"] == written
    (seen,) = await listed(shop.owner, f"/conversations/{talk['id']}/drafts")
    taken = await shop.post(f"/drafts/{seen['id']}/take-over")
    assert (taken["text"], taken["written"]) == ("Demain", written)
    # Behind other words it is only a part of the text, and what would not fit stays where it is.
    await save(ama, talk["id"], "x" * 15_000)
    both = await ama.client.post(f"/api/v1/drafts/{taken['id']}/take-over")
    assert (both.status_code, both.json()["written"]) == (200, None)
    await save(shop.owner, talk["id"], "y" * 15_000)
    await shop.post(f"/drafts/{both.json()['id']}/take-over", 409)
    assert len(await listed(shop.owner, f"/conversations/{talk['id']}/drafts")) == 2
