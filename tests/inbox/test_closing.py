"""Closing: with a reason, after a long silence with a warning, and thanks that change nothing."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from app.core.clock import FixedClock
from app.core.permissions import SYSTEM, Role
from app.core.runtime import Runtime, Workspace
from inbox import conversations
from inbox.closing import closing
from inbox.closing.closing import AutoClose, ClosingSettings, Reason
from inbox.routing import duties
from tests.support.shop import Shop, eventually


@pytest.fixture(autouse=True)
def _settled_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(closing, "KEPT_SECONDS", -1.0)


@pytest.fixture
async def settled(shop: Shop) -> AsyncIterator[Any]:
    """Settles what is given for the shop, and takes it back afterwards."""
    ws = shop.runtime.workspace(shop.owner.ws.id)

    async def settle(**parts: Any) -> ClosingSettings:
        return await closing.save_settings(ws, SYSTEM, ClosingSettings(**parts))

    yield settle
    await closing.save_settings(ws, SYSTEM, ClosingSettings())


async def state(shop: Shop, conversation_id: str, wanted: str) -> dict[str, Any]:
    async def look() -> Any:
        found = await shop.get(f"/conversations/{conversation_id}")
        return found if found["state"] == wanted else None

    return await eventually(look)


def names(thread: list[dict[str, Any]]) -> list[str]:
    return [entry["event"]["name"] for entry in thread if entry["event"]]


async def test_a_reason_and_a_comment(shop: Shop, settled: Any) -> None:
    settings = await shop.agent.put(
        "/api/v1/closing", json={"reasons": [{"name": "Solved"}, {"name": "Spam"}], "ask_reason": "required"}
    )
    assert settings.status_code == 200, settings.text
    solved = settings.json()["reasons"][0]["id"]
    _, one = await shop.someone("whatsapp")
    path = f"/conversations/{one['id']}/close"
    refused = await shop.post(path, 422)
    assert refused["errors"][0]["field"] == "reason_id"
    await shop.post(path, 422, reason_id="rsn_unknown")
    await shop.post(path, reason_id=solved, comment="  Sent a new one ")
    line = (await shop.thread(one["id"]))[-1]
    assert line["event"] == {"name": "conversation_closed", "reason": "Solved", "comment": "Sent a new one"}
    ws = shop.runtime.workspace(shop.owner.ws.id)
    facts = (await conversations.get(ws, one["id"])).facts
    assert facts is not None
    assert (facts.reason_id, facts.closed_by) == (solved, shop.owner.member.id)


@pytest.mark.parametrize(
    "settings",
    [
        {"reasons": [{"name": "Solved"}, {"name": " solved "}]},
        {"reasons": [], "ask_reason": "required"},
        {"auto_close": [{"warning": "Hello {{ nobody.knows }}"}]},
        {"csat": {"question": "How {% did"}},
        {"csat": {"labels": ["bad", "good"]}},
        {"csat": {"labels": ["bad", " ", "okay", "good", "best"]}},
        {"csat": {"enabled": True, "question_digits": " "}},
        {"nps": {"enabled": True, "question": ""}},
    ],
)
async def test_what_makes_no_sense_is_not_settled(shop: Shop, settings: dict[str, Any]) -> None:
    answer = await shop.agent.put("/api/v1/closing", json=settings)
    assert answer.status_code == 422, answer.text


async def test_one_who_was_slower_is_told(shop: Shop) -> None:
    _, one = await shop.someone("whatsapp")
    path, seen = f"/conversations/{one['id']}", one["revision"]
    await shop.post(f"{path}/close", revision=seen)
    await shop.post(f"{path}/reopen", undo=True)
    colleague = await shop.people.join(shop.owner.ws, Role.AGENT)
    answer = await colleague.client.post(f"/api/v1{path}/snooze", json={"revision": seen})
    assert answer.status_code == 409
    assert answer.json()["code"] == "changed_meanwhile"
    (changed,) = answer.json()["changed"]
    assert (changed["what"], changed["by"], changed["value"]) == ("state", shop.owner.member.id, "open")


async def test_thanks_does_not_reopen_and_one_click_does(shop: Shop, settled: Any) -> None:
    customer, one = await shop.someone("whatsapp")
    path = f"/conversations/{one['id']}"
    await shop.post(f"{path}/close")
    await shop.writes("whatsapp", customer["id"], type="text", text="Thank you so much! 🙏")
    kept = await shop.entry_where(one["id"], lambda e: (e["event"] or {}).get("name") == "conversation_kept_closed")
    assert kept["event"]["said"] == "Thank you so much! 🙏"
    now = await shop.get(path)
    assert (now["state"], now["unread"], now["episode"]) == ("closed", 0, 1)
    assert (await shop.post(f"{path}/reopen"))["episode"] == 2

    # A question reopens; and so does thanks where the workspace wants it.
    await shop.post(f"{path}/close")
    await shop.writes("whatsapp", customer["id"], type="text", text="Thanks, and when?")
    assert (await state(shop, one["id"], "open"))["episode"] == 3
    await settled(thanks_keep_closed=False)
    await shop.post(f"{path}/close")
    await shop.writes("whatsapp", customer["id"], type="text", text="Thanks!")
    assert (await state(shop, one["id"], "open"))["episode"] == 4


async def test_silence_is_warned_of_and_ends(shop: Shop, settled: Any) -> None:
    await settled(auto_close=[AutoClose(channel="sms", after_minutes=30, warning="Still there, {{ contact.name }}?")])
    customer, one = await shop.someone("sms")
    ws, moving = later(shop, minutes=0)
    # Nothing happens to whom nobody has answered yet.
    assert (await conversations.get(ws, one["id"])).idle_at is None
    await shop.answers(one["id"], "Which size?")
    ws, moving = later(shop, minutes=31)
    warned = await duties.attend(ws, one["id"])
    assert warned is not None
    assert warned.warned_at is not None
    await shop.in_ledger("sms", customer["id"], "Still there")
    # The customer answers: nothing will close it.
    await shop.writes("sms", customer["id"], type="text", text="Size 42")

    async def cancelled() -> Any:
        return (await conversations.get(ws, one["id"])).idle_at is None

    await eventually(cancelled)
    moving.advance(days=9)
    assert (await duties.attend(ws, one["id"]) or warned).state == "open"

    # The next silence is warned of again, and ends it; doing a duty twice does it once.
    await shop.answers(one["id"], "It is on its way.")
    ws, moving = later(shop, minutes=31)
    for _ in range(2):
        await duties.attend(ws, one["id"])
    moving.advance(minutes=61)
    closed = await duties.attend(ws, one["id"])
    assert closed is not None
    assert closed.state == "closed"
    sent = await shop.ledger(channel="sms", customer=customer["id"], direction="out")
    assert sum("Still there" in str(item["body"]) for item in sent) <= 2
    thread = await shop.thread(one["id"])
    assert sum("Still there" in str(entry["content"]) for entry in thread) == 2
    assert names(thread)[-1] == "conversation_closed"
    assert [e["event"] for e in thread if e["event"]][-1]["automatic"] is True


async def test_where_no_warning_may_go_it_closes_without_a_word(shop: Shop, settled: Any) -> None:
    await settled(auto_close=[AutoClose(after_minutes=60 * 48, warning="Still there?")])
    _, one = await shop.someone("whatsapp")
    await shop.answers(one["id"], "Which size?")
    ws, _ = later(shop, minutes=60 * 49)
    closed = await duties.attend(ws, one["id"])
    assert closed is not None
    assert closed.state == "closed"
    assert not any("Still there" in str(entry["content"]) for entry in await shop.thread(one["id"]))


async def test_a_warning_without_words_for_this_one_keeps_nothing_open(shop: Shop, settled: Any) -> None:
    french = "{% if contact.language == 'fr' %}Encore là ?{% endif %}"
    await settled(auto_close=[AutoClose(after_minutes=30, warning=french)])
    _, one = await shop.someone("sms")
    await shop.answers(one["id"], "Which size?")
    ws, _ = later(shop, minutes=31)
    closed = await duties.attend(ws, one["id"])
    assert closed is not None
    assert closed.state == "closed"


def later(shop: Shop, **delta: float) -> tuple[Workspace, FixedClock]:
    """The shop's workspace at another time."""
    moving = FixedClock(shop.runtime.clock.now() + timedelta(**delta))
    runtime: Runtime = replace(shop.runtime, clock=moving)
    return runtime.workspace(shop.owner.ws.id), moving


def test_the_first_rule_that_fits_holds() -> None:
    settings = ClosingSettings(
        auto_close=(AutoClose(channel="sms", team_id="tea_1"), AutoClose(channel="sms"), AutoClose(team_id="tea_2"))
    )
    one = conversations.Conversation.__new__(conversations.Conversation)
    object.__setattr__(one, "team_id", "tea_1")
    assert closing.rule_for(settings, one, "sms") is settings.auto_close[0]
    assert closing.rule_for(settings, one, "whatsapp") is None
    object.__setattr__(one, "team_id", "tea_2")
    assert closing.rule_for(settings, one, "sms") is settings.auto_close[1]
    assert closing.rule_for(settings, one, "whatsapp") is settings.auto_close[2]


def test_reasons_keep_their_ids() -> None:
    assert [reason.id for reason in ClosingSettings().reasons] == ["rsn_solved", "rsn_no", "rsn_duplicate", "rsn_other"]
    assert Reason(name="x").id == ""
