"""What hangs on two contacts acts on the one that is left after a merge, and on each again after parting."""

import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.core import ids
from app.core.clock import FixedClock
from app.core.permissions import SYSTEM, Role
from app.core.runtime import Workspace
from inbox import conversations, timeline
from inbox.closing import closing, surveys
from inbox.closing.closing import ClosingSettings, Csat, Nps
from inbox.finding import search
from inbox.routing import duties
from inbox.store import surveys as survey_rows
from inbox.ticketing import sla_policies
from inbox.ticketing.sla import Policy, Target
from tests.support.people import Person
from tests.support.persons import Persons, different, quiet, stored
from tests.support.shop import Shop, eventually


class Two:
    """Somebody on WhatsApp and somebody by SMS, who are going to be one."""

    def __init__(self, persons: Persons, tag: str) -> None:
        self.persons, self.shop, self.ws, self.tag = persons, persons.shop, persons.ws, tag
        self.into = self.other = self.mine = self.theirs = ""
        self.merge_id = ""
        self.customers: dict[str, dict[str, Any]] = {}

    @classmethod
    async def meet(cls, shop: Shop) -> "Two":
        two = cls(Persons(shop), ids.new("x")[-6:])
        for channel in ("whatsapp", "sms"):
            two.customers[channel] = await shop.customer(name=f"{channel.title()} {two.tag}")
        two.into = (await two.says("whatsapp", "hello"))["contact_id"]
        two.other = (await two.says("sms", "hi"))["contact_id"]
        two.mine, two.theirs = conversations.id_for(two.into), conversations.id_for(two.other)
        await two.both_known()
        return two

    async def says(self, channel: str, text: str) -> dict[str, Any]:
        return await self.persons.says(self.customers[channel], f"{text} {self.tag} {channel}", channel=channel)

    async def answers(self, conversation_id: str, text: str) -> None:
        """And the provider has said that it is there."""
        sent = await self.shop.answers(conversation_id, f"{text} {self.tag}")
        await self.shop.entry_where(conversation_id, lambda e: e["id"] == sent["id"] and e["status"] == "delivered")

    async def both_known(self) -> None:
        for conversation_id in (self.mine, self.theirs):
            await self.shown(conversation_id, lambda now: now["unread"] == 1)

    async def shown(self, conversation_id: str, fits: Any = bool) -> dict[str, Any]:
        """The conversation as the API shows it, once it fits."""

        async def look() -> Any:
            answer = await self.shop.agent.get(f"/api/v1/conversations/{conversation_id}")
            return answer.json() if answer.status_code == 200 and fits(answer.json()) else None

        found: dict[str, Any] = await eventually(look)
        return found

    async def merged(self) -> dict[str, Any]:
        """The survivor's conversation."""
        await quiet(self.ws)
        self.merge_id = await self.persons.merge(self.into, self.other)
        return await self.shown(self.mine)

    async def parted(self) -> tuple[dict[str, Any], dict[str, Any]]:
        await quiet(self.ws)
        await self.shop.post(f"/merges/{self.merge_id}/undo")
        return await self.shown(self.mine), await self.shown(self.theirs)


@pytest.fixture
async def ama(shop: Shop) -> Person:
    return await shop.people.join(shop.owner.ws, Role.AGENT)


@pytest.fixture
async def settled(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Any]:
    monkeypatch.setattr(closing, "KEPT_SECONDS", -1.0)

    async def settle(**parts: Any) -> ClosingSettings:
        return await closing.save_settings(Persons(shop).ws, SYSTEM, ClosingSettings(**parts))

    yield settle
    await closing.save_settings(Persons(shop).ws, SYSTEM, ClosingSettings())


def later(shop: Shop, **delta: float) -> Workspace:
    moving = FixedClock(shop.runtime.clock.now() + timedelta(**delta))
    return replace(shop.runtime, clock=moving).workspace(shop.owner.ws.id)


async def ok(person: Person, method: str, path: str, body: Any = None) -> Any:
    answer = await person.client.request(method, f"/api/v1{path}", json=body)
    assert answer.is_success, answer.text
    return answer.json() if answer.content else None


async def test_asleep(shop: Shop) -> None:
    two = await Two.meet(shop)
    now = datetime.now(UTC)
    late, soon = ((now + timedelta(days=days)).isoformat() for days in (9, 2))
    await shop.post(f"/conversations/{two.mine}/snooze", until=late)
    await shop.post(f"/conversations/{two.theirs}/snooze", until=soon)
    await quiet(two.ws)
    before = await stored(two.ws)
    one = await two.merged()
    theirs = next(row for row in before["conversations"].values() if row["contact_id"] == two.other)
    assert one["state"] == "snoozed"
    assert datetime.fromisoformat(one["snoozed_until"]) == theirs["snoozed_until"]
    await two.parted()
    assert different(await stored(two.ws), before) == []
    # Woken while they are one: by its time, by the customer of either side.
    await two.merged()
    woken = await duties.attend(later(shop, days=3), two.mine)
    assert woken is not None
    assert (woken.state, woken.unread) == ("open", 1)
    await shop.post(f"/conversations/{two.mine}/snooze", until=late)
    await two.says("sms", "anybody there?")
    await two.shown(two.mine, lambda now: now["state"] == "open")
    # And what waits to be sent meets the customer of either side.
    row = {
        "client_id": str(uuid.uuid4()),
        "content": {"type": "text", "text": f"Later {two.tag}"},
        "at": late,
        "on_reply": "cancel",
    }
    await two.parted()
    waiting = await shop.post(f"/conversations/{two.theirs}/deferred", 201, **row)
    await two.merged()
    assert [w["id"] for w in (await shop.get(f"/conversations/{two.mine}/deferred"))["items"]] == [waiting["id"]]
    await two.says("whatsapp", "I write first")
    await two.shown(two.mine, lambda now: now["deferred"] == 0)
    line = await shop.entry_where(two.mine, lambda e: (e["event"] or {}).get("name") == "message_cancelled")
    assert line["event"]["text"] == f"Later {two.tag}"


async def test_what_is_found_opens_where_it_is_read(shop: Shop) -> None:
    two = await Two.meet(shop)
    word = f"zebra{two.tag}"
    await search.index(two.ws, [await timeline.get(two.ws, (await two.says("sms", f"{word} one"))["_id"])])
    await two.says("whatsapp", "between")

    async def hits(number: int) -> Any:
        found = (await shop.get("/search/messages", q=word))["items"]
        return found if len(found) == number else None

    async def one_hit() -> Any:
        return await hits(1)

    async def two_hits() -> Any:
        return await hits(2)

    (hit,) = await eventually(one_hit)
    assert hit["conversation_id"] == two.theirs
    await two.merged()
    (hit,) = await eventually(one_hit)
    assert (hit["conversation_id"], hit["contact_id"]) == (two.mine, two.into)
    there = next(e for e in await shop.thread(two.mine) if e["id"] == hit["entry_id"])
    assert there["number"] == hit["number"] != int(hit["number"])
    page = await shop.get(f"/conversations/{two.mine}/entries", before=hit["number"])
    assert hit["entry_id"] not in {e["id"] for e in page["items"]}
    found = await shop.get("/search", q=word)
    assert [each["conversation_id"] for each in found["messages"]["items"]] == [two.mine]
    # Colleagues answer what they see: the newest that they saw may stand between two numbers.
    seen = {"seen": hit["number"], "account_id": shop.accounts["sms"]}
    refused = await shop.post(
        f"/conversations/{two.mine}/messages",
        409,
        client_id=str(uuid.uuid4()),
        **seen,
        content={"type": "text", "text": "x"},
    )
    assert refused["code"] == "newer_messages"
    # What is written while they are one is found with the one, and afterwards with whose it is.
    await search.index(two.ws, [await timeline.get(two.ws, (await two.says("sms", f"{word} two"))["_id"])])
    newer, older = await eventually(two_hits)
    assert newer["conversation_id"] == older["conversation_id"] == two.mine
    await two.parted()
    newer, older = await eventually(two_hits)
    assert {newer["conversation_id"], older["conversation_id"]} == {two.theirs}
    thread = {e["id"]: e["number"] for e in await shop.thread(two.theirs)}
    assert [thread[each["entry_id"]] for each in (newer, older)] == [newer["number"], older["number"]]


async def test_drafts_go_on_behind_those_that_are_there(shop: Shop, ama: Person) -> None:
    two = await Two.meet(shop)

    async def writes(person: Person, conversation_id: str, text: str) -> None:
        await ok(person, "POST", f"/conversations/{conversation_id}/drafts", {"mode": "reply", "text": text})

    async def drafts(conversation_id: str) -> dict[str, str]:
        found = await shop.get(f"/conversations/{conversation_id}/drafts")
        return {each["member_id"]: each["text"] for each in found["items"]}

    olu = shop.owner.member.id
    await writes(shop.owner, two.mine, "Dear Ana,")
    await writes(shop.owner, two.theirs, "your parcel is here")
    await writes(ama, two.theirs, "I have asked")
    before = await stored(two.ws)
    await two.merged()
    assert await drafts(two.mine) == {olu: "Dear Ana,\nyour parcel is here", ama.member.id: "I have asked"}
    listed = (await ok(ama, "GET", "/drafts"))["items"]
    assert [(each["conversation_id"], each["contact_name"]) for each in listed] == [(two.mine, f"Whatsapp {two.tag}")]
    await two.parted()
    assert different(await stored(two.ws), before) == []
    # What was written since stays, what still stands there of the rest goes back, and what was sent does not.
    await two.merged()
    await writes(shop.owner, two.mine, "Dear Ana,\nyour parcel is here and waits")
    await writes(ama, two.theirs, "")
    await two.parted()
    assert await drafts(two.mine) == {olu: "Dear Ana, and waits"}
    assert await drafts(two.theirs) == {olu: "your parcel is here"}


async def test_questions_are_answered_whichever_of_them_was_asked(shop: Shop, settled: Any) -> None:
    await settled(csat=Csat(enabled=True, delay_minutes=0, cooldown_days=0))
    two = await Two.meet(shop)
    for conversation_id in (two.mine, two.theirs):
        await two.answers(conversation_id, "Here you are")
        await shop.post(f"/conversations/{conversation_id}/close")
    # The survivor is in a later episode than the other; the one is asked before they are merged, the other after.
    await shop.post(f"/conversations/{two.mine}/reopen")
    await shop.post(f"/conversations/{two.mine}/close")
    ws = later(shop, seconds=20)
    planned = []
    for conversation_id in (two.mine, two.theirs):
        own = await conversations.get(ws, conversation_id)
        for facts in own.finished:
            await surveys.after_episode(ws, own, facts)
        planned.append((await survey_rows.of_contact(ws, own.contact_id))[0])
    await surveys.attend(ws, planned[1].id)
    await shop.in_ledger("sms", two.customers["sms"]["id"], "from 1 (very bad) to 5 (very good)")
    await two.merged()
    await shop.writes("sms", two.customers["sms"]["id"], type="text", text="4")

    async def answered() -> Any:
        found = await surveys.get(two.ws, planned[1].id)
        return found if found.status == "answered" else None

    found = await eventually(answered)
    assert (found.score, found.contact_id) == (4, two.into)
    one = await two.shown(two.mine)
    assert (one["state"], one["unread"]) == ("closed", 0)
    listed = (await shop.get(f"/contacts/{two.into}/surveys"))["items"]
    assert {item["id"] for item in listed} >= {planned[1].id}
    await two.parted()
    assert (await surveys.get(two.ws, planned[1].id)).contact_id == two.other
    assert planned[1].id not in {i["id"] for i in (await shop.get(f"/contacts/{two.into}/surveys"))["items"]}


async def test_a_question_that_is_due_is_asked_of_the_one(shop: Shop, settled: Any) -> None:
    nps = Nps(enabled=True, after_days=30)
    await settled(csat=Csat(enabled=True, delay_minutes=0, cooldown_days=0), nps=nps)
    two = await Two.meet(shop)
    for change in ("close", "reopen", "close"):
        await shop.post(f"/conversations/{two.mine}/{change}")
    await two.answers(two.theirs, "Here you are")
    await shop.post(f"/conversations/{two.theirs}/close")
    ws = later(shop, seconds=20)
    own = await conversations.get(ws, two.theirs)
    for facts in own.finished:
        await surveys.after_episode(ws, own, facts)
    csat = next(each for each in await survey_rows.of_contact(ws, two.other) if each.kind == "csat")
    await two.merged()
    await surveys.attend(ws, csat.id)
    found = await surveys.get(ws, csat.id)
    assert found.status == "asked", found.skipped_because
    # Recommendation is asked of a person once, however many contacts they were; its day comes for both.
    both = [each for each in await survey_rows.of_contact(ws, two.into) if each.kind == "nps"]
    assert len(both) == 2
    for each in both:
        await survey_rows.save(ws, each, replace(each, due_at=each.created_at))
        await surveys.attend(ws, each.id)
    now = [await surveys.get(ws, each.id) for each in both]
    assert sorted(each.status for each in now) == ["asked", "skipped"]
    (skipped,) = (each for each in now if each.status == "skipped")
    assert skipped.skipped_because == "This person was asked already, as another contact."


async def test_a_block_on_either_side_holds_for_the_one(shop: Shop) -> None:
    two = await Two.meet(shop)
    await shop.post(f"/contacts/{two.other}/block", reason="spam", note="Third time")
    await quiet(two.ws)
    before = await stored(two.ws)

    async def blocked() -> list[str]:
        return [row["id"] for row in (await shop.get("/contacts/blocked", limit=200))["items"]]

    seen = await shop.get(f"/contacts/{two.into}/merge", from_id=two.other)
    assert seen["blocked"]
    assert "blocked" in {trouble["code"] for trouble in seen["troubles"]}
    one = await two.merged()
    assert (one["state"], one["blocked"]) == ("closed", True)
    assert set(await blocked()) >= {two.into}
    assert two.other not in await blocked()
    # The provider is told of the other's numbers, too, and keeps them away until it is undone.
    account = f"/_sandbox/accounts/whatsapp/{shop.providers['whatsapp']}"
    known = (await shop.sandbox.get(account)).json()
    assert len(known["blocked"]) == 1
    await shop.sandbox.put(account, json={**known, "blocked": []})
    said = await two.says("whatsapp", "let me in")
    one = await two.shown(two.mine, lambda now: now["last_number"] >= said["number"])
    assert (one["state"], one["unread"]) == ("closed", 0)
    assert (await shop.post(f"/conversations/{two.mine}/reopen", 409))["code"] == "contact_blocked"
    first, second = await two.parted()
    assert (first["blocked"], second["blocked"]) == (False, True)
    assert two.other in await blocked()
    assert two.into not in await blocked()
    conversations_now = (await stored(two.ws))["contacts"]
    for contact_id in (two.into, two.other):
        assert conversations_now[contact_id].get("block") == before["contacts"][contact_id].get("block")
    # Taken back while they are one, it is taken back for both.
    await two.merged()
    await shop.post(f"/contacts/{two.into}/unblock")
    first, second = await two.parted()
    assert (first["blocked"], second["blocked"]) == (False, False)
    assert not {two.into, two.other} & set(await blocked())


async def test_whoever_waits_goes_on_waiting_and_each_gets_back_its_own_wait(shop: Shop, ama: Person) -> None:
    two = await Two.meet(shop)
    targets = {"": Target(first=60, next=120)}
    policy = await sla_policies.create(
        two.ws, SYSTEM, Policy(id="", name="P", subject="conversations", targets=targets)
    )
    # The other has waited longer, since before our answer to the first, and a colleague has read one of the two.
    await two.answers(two.mine, "a1")
    again = await two.says("whatsapp", "again")
    first = await two.shown(two.mine, lambda now: now["unread"] == 1)
    second = await two.shown(two.theirs, lambda now: now["sla"])
    assert second["waiting_since"] < first["waiting_since"]
    await ok(ama, "POST", f"/conversations/{two.mine}/read", {"up_to": again["number"]})
    await quiet(two.ws)
    before = await stored(two.ws)
    one = await two.merged()
    assert (one["unread"], one["unread_by"]) == (2, {ama.member.id: 1})
    assert one["waiting_since"] == second["waiting_since"]
    # By the wait of the other, whose first answer it still is for nobody who was answered here.
    since, due = datetime.fromisoformat(one["waiting_since"]), datetime.fromisoformat(one["sla"]["due_at"])
    assert due - since == timedelta(hours=2)
    assert (await ok(ama, "GET", "/conversations/counts"))["open"] == (await shop.get("/conversations/counts"))["open"]
    await two.parted()
    assert different(await stored(two.ws), before) == []

    # Written since by both, and read by nobody: each has its own, and so has the clock.
    await two.merged()
    mine = await two.says("whatsapp", "more")
    theirs = await two.says("sms", "more")
    whole = await two.shown(two.mine, lambda now: now["unread"] == 4)
    assert whole["unread_by"] == {ama.member.id: 3}
    # Unread from a message of the other on, which stands between two numbers.
    hi = next(e for e in await shop.thread(two.mine) if "hi " in str(e["content"]))
    assert hi["number"] != int(hi["number"])
    await shop.post(f"/conversations/{two.mine}/read", 204, up_to=hi["number"])
    assert shop.owner.member.id not in (await two.shown(two.mine))["unread_by"]
    await shop.post(f"/conversations/{two.mine}/read", 204, up_to=whole["last_number"])
    assert (await two.shown(two.mine))["unread_by"][shop.owner.member.id] == 0
    await shop.post(f"/conversations/{two.mine}/unread", 204, since=hi["number"])
    assert shop.owner.member.id not in (await two.shown(two.mine))["unread_by"]
    first, second = await two.parted()
    assert (first["unread"], first["unread_by"][ama.member.id]) == (2, 1)
    assert (second["unread"], second["waiting_since"]) == (2, since.isoformat().replace("+00:00", "Z")[:23] + "Z")
    assert first["waiting_since"] == again["created_at"].isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert second["sla"]["due_at"] > second["waiting_since"]

    # Answered while they were one: who has written since waits since then, the other does not.
    await two.merged()
    await two.answers(two.mine, "a2")
    await two.shown(two.mine, lambda now: now["waiting_since"] is None and now["unread"] == 0)
    theirs = await two.says("sms", "one question")
    await two.shown(two.mine, lambda now: now["unread"] == 1)
    first, second = await two.parted()
    assert (first["unread"], first["waiting_since"], first["sla"]["due_at"]) == (0, None, None)
    assert second["unread"] == 1
    assert second["waiting_since"] == theirs["created_at"].isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert mine["contact_id"] == theirs["contact_id"] == two.into
    await sla_policies.delete(two.ws, SYSTEM, policy.id)
