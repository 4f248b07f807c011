"""Mentions, followers, and what members are told of: to whom, once, and until they have looked."""

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from app.core.permissions import Role
from inbox import conversations, timeline
from inbox.answering import following
from tests.support.people import Person
from tests.support.shop import Shop, eventually

MEMBERS = ["mem_a", "mem_b", "mem_c"]


def after(now: conversations.Conversation, said: tuple[str, str, list[str]]) -> conversations.Conversation:
    kind, who, named = said
    if kind == "looks":
        return following.seen(now, who)
    direction = {"customer": "in", "reply": "out", "machine": "out"}.get(kind)
    writers = {"customer": timeline.Author("contact"), "machine": timeline.Author("system")}
    author = writers.get(kind, timeline.Author("member", who, who))
    entry = timeline.Entry(
        id="ent",
        contact_id="con",
        conversation_id="cnv",
        at=now.created_at,
        created_at=now.created_at,
        kind="note" if direction is None else "message",
        direction=direction,  # type: ignore[arg-type]
        author=author,
        mentions=tuple(timeline.Mention(m, m) for m in named) if direction is None else (),
    )
    news = following.news_for(now, entry)
    assert author.id not in news
    assert not set(news) & set(now.notified)
    assert kind != "machine" or not news
    return following.taken_in(now, entry)


SAID = st.tuples(
    st.sampled_from(["customer", "reply", "machine", "note", "looks"]),
    st.sampled_from(MEMBERS),
    st.lists(st.sampled_from(MEMBERS), max_size=2),
)


@given(st.lists(SAID, max_size=20))
def test_who_wrote_or_was_named_follows_and_who_looked_has_no_news(story: list[tuple[str, str, list[str]]]) -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    now = conversations.Conversation(
        id="cnv", contact_id="con", contact_name="Ana", avatar_hue=1, queue_id="support", state="open",
        created_at=at, last_activity_at=at, opened_at=at,
    )  # fmt: skip
    for said in story:
        kind, who, named = said
        now = after(now, said)
        assert set(now.mentioned) <= set(now.notified)
        if kind == "looks":
            assert who not in now.notified
        if kind in ("reply", "note"):
            assert who in now.followers
        if kind == "note":
            assert set(named) - {who} <= set(now.mentioned) & set(now.followers)


async def bell(person: Person) -> dict[str, Any]:
    answer = await person.client.get("/api/v1/notifications")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def note(person: Person, conversation_id: str, text: str, *mentions: str) -> Any:
    body = {"client_id": str(uuid4()), "text": text, "mentions": list(mentions)}
    return await person.client.post(f"/api/v1/conversations/{conversation_id}/notes", json=body)


async def conversation(person: Person, conversation_id: str) -> dict[str, Any]:
    found: dict[str, Any] = (await person.client.get(f"/api/v1/conversations/{conversation_id}")).json()
    return found


async def test_a_mention_is_told_once_and_cleared_by_looking(shop: Shop) -> None:
    ama = await shop.people.join(shop.owner.ws, Role.AGENT)
    _, talk = await shop.someone("sms")
    written = await note(shop.owner, talk["id"], "@Ama Agent please look", ama.member.id, ama.member.id)
    assert written.json()["mentions"] == [{"id": ama.member.id, "name": "Ama Agent"}]
    told = await bell(ama)
    assert told["unread"] == 1
    assert (told["items"][0]["kind"], told["items"][0]["by_name"]) == ("mention", "Olu Owner")
    assert told["items"][0]["entry_id"] == written.json()["id"]
    now = await conversation(ama, talk["id"])
    assert now["mentioned"] == now["notified"] == [ama.member.id]
    assert now["followers"] == [shop.owner.member.id, ama.member.id]
    assert (await bell(shop.owner))["unread"] == 0
    assert (await ama.client.post(f"/api/v1/conversations/{talk['id']}/seen")).status_code == 204
    assert (await conversation(ama, talk["id"]))["mentioned"] == []
    told = await bell(ama)
    assert told["unread"] == 0
    assert told["items"][0]["read_at"]


async def test_only_colleagues_who_can_read_are_mentioned(shop: Shop) -> None:
    gone = await shop.people.join(shop.owner.ws, Role.AGENT)
    _, talk = await shop.someone("sms")
    await shop.agent.patch(f"/api/v1/members/{gone.member.id}", json={"status": "disabled"})
    for nobody in (gone.member.id, "mem_of_another_shop"):
        refused = await note(shop.owner, talk["id"], "@Nobody", nobody)
        assert refused.status_code == 422
        assert refused.json()["errors"][0]["field"] == "mentions"


async def test_followers_hear_of_activity_once_until_they_look(shop: Shop) -> None:
    ama = await shop.people.join(shop.owner.ws, Role.AGENT)
    customer, talk = await shop.someone("sms")
    path = f"/api/v1/conversations/{talk['id']}"
    assert (await ama.client.post(f"{path}/follow", json={"following": True})).json()["followers"] == [ama.member.id]
    for text in ("Are you there?", "Hello?"):
        await shop.writes("sms", customer["id"], type="text", text=text)
        await shop.entry_where(talk["id"], lambda entry, text=text: (entry["content"] or {}).get("text") == text)

    async def heard() -> dict[str, Any] | None:
        told = await bell(ama)
        return told if told["unread"] else None

    told = await eventually(heard)
    assert [(row["kind"], row["text"]) for row in told["items"]] == [("activity", "Are you there?")]
    await note(shop.owner, talk["id"], "I am on it")
    assert (await bell(ama))["unread"] == 1
    read = await ama.client.post("/api/v1/notifications/read", json={"ids": [told["items"][0]["id"]]})
    assert read.status_code == 204
    assert (await conversation(ama, talk["id"]))["notified"] == []
    await note(shop.owner, talk["id"], "Solved")
    assert [row["text"] for row in (await bell(ama))["items"]] == ["Solved", "Are you there?"]
    await ama.client.post(f"{path}/seen")
    await ama.client.post(f"{path}/follow", json={"following": False})
    await note(shop.owner, talk["id"], "One more")
    assert (await bell(ama))["unread"] == 0


async def test_an_assignment_is_told_to_whom_it_is_given(shop: Shop) -> None:
    ama = await shop.people.join(shop.owner.ws, Role.AGENT)
    _, talk = await shop.someone("sms")
    for member in (shop.owner.member.id, ama.member.id):
        await shop.post(f"/conversations/{talk['id']}/assign", member_id=member)
    assert [row["kind"] for row in (await bell(ama))["items"]] == ["assigned"]
    assert (await bell(shop.owner))["items"] == []
    # Whose it is hears of notes of others without following.
    await ama.client.post("/api/v1/notifications/read", json={})
    await note(shop.owner, talk["id"], "She is a regular")
    assert [row["kind"] for row in (await bell(ama))["items"]] == ["activity", "assigned"]


async def test_the_list_is_read_in_pages(shop: Shop) -> None:
    ama = await shop.people.join(shop.owner.ws, Role.AGENT)
    _, talk = await shop.someone("sms")
    written = [await note(shop.owner, talk["id"], f"Note {n}", ama.member.id) for n in range(5)]
    assert all(answer.status_code == 201 for answer in written)
    seen: list[str] = []
    cursor = None
    while True:
        query: dict[str, Any] = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = (await ama.client.get("/api/v1/notifications", params=query)).json()
        seen += [row["text"] for row in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == [f"Note {n}" for n in reversed(range(5))]
    await asyncio.gather(*(ama.client.post("/api/v1/notifications/read", json={}) for _ in range(3)))
    assert (await bell(ama))["unread"] == 0
    assert (await conversation(ama, talk["id"]))["mentioned"] == []


async def test_naming_a_team_names_all_of_it_but_the_author(shop: Shop) -> None:
    ama = await shop.people.join(shop.owner.ws, Role.AGENT)
    _, talk = await shop.someone("sms")
    members = [ama.member.id, shop.owner.member.id]
    team = await shop.post("/teams", 201, name=f"Returns {talk['id']}", members=members)
    written = await note(shop.owner, talk["id"], f"@{team['name']} please", team["id"])
    assert written.json()["mentions"] == [{"id": team["id"], "name": team["name"]}]
    assert (await conversation(ama, talk["id"]))["mentioned"] == [ama.member.id]
    assert (await bell(ama))["items"][0]["kind"] == "mention"
    listed = await ama.client.get("/api/v1/conversations", params={"view": "mentions"})
    assert [row["id"] for row in listed.json()["items"]] == [talk["id"]]
    nobody = await shop.post("/teams", 201, name=f"Empty {talk['id']}")
    assert (await note(shop.owner, talk["id"], "@Empty", nobody["id"])).status_code == 422
