"""Asking how it was: once, in the channel, within its rules; and what answers do."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.core.clock import FixedClock
from app.core.permissions import SYSTEM
from app.core.runtime import Workspace
from inbox import conversations
from inbox.closing import closing, surveys
from inbox.closing.closing import ClosingSettings, Csat, Nps
from inbox.closing.surveys import Survey
from inbox.conversations import Conversation
from inbox.routing import duties
from inbox.store import surveys as store
from inbox.ticketing import tickets
from tests.support.shop import Shop, eventually

CSAT = Csat(enabled=True, delay_minutes=0, cooldown_days=0)


@pytest.fixture(autouse=True)
def _settled_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(closing, "KEPT_SECONDS", -1.0)


@pytest.fixture
async def settled(shop: Shop) -> AsyncIterator[Any]:
    async def settle(**parts: Any) -> ClosingSettings:
        return await closing.save_settings(here(shop), SYSTEM, ClosingSettings(**parts))

    yield settle
    await closing.save_settings(here(shop), SYSTEM, ClosingSettings())


def here(shop: Shop) -> Workspace:
    return shop.runtime.workspace(shop.owner.ws.id)


def later(shop: Shop, **delta: float) -> Workspace:
    moving = FixedClock(shop.runtime.clock.now() + timedelta(**delta))
    return replace(shop.runtime, clock=moving).workspace(shop.owner.ws.id)


async def helped(shop: Shop, channel: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """A customer who was answered, and whose conversation is closed."""
    customer, one = await shop.someone(channel)
    await shop.answers(one["id"], "Here you are.")
    await shop.post(f"/conversations/{one['id']}/close")
    return customer, one


async def asked(shop: Shop, conversation_id: str, **delta: float) -> Survey:
    """The question about the last episode, as its duties make it; each is done twice, as after a crash."""
    ws = later(shop, **(delta or {"seconds": 20}))
    before = await conversations.get(ws, conversation_id)
    for facts in before.finished:
        await surveys.after_episode(ws, before, facts)
    await duties.attend(ws, conversation_id)
    found = (await store.of_contact(ws, before.contact_id))[0]
    if found.due_at is not None:
        await surveys.attend(ws, found.id)
        await store.save(ws, await surveys.get(ws, found.id), replace(found, due_at=found.created_at))
        await surveys.attend(ws, found.id)
    return await surveys.get(ws, found.id)


async def answered(shop: Shop, survey: Survey) -> Survey:
    async def look() -> Any:
        now = await surveys.get(here(shop), survey.id)
        return now if now.status == "answered" else None

    return await eventually(look)


async def stored(shop: Shop, one: dict[str, Any]) -> Conversation:
    return await conversations.get(here(shop), one["id"])


async def test_buttons_on_whatsapp(shop: Shop, settled: Any) -> None:
    await settled(csat=CSAT)
    customer, one = await helped(shop, "whatsapp")
    survey = await asked(shop, one["id"])
    assert survey.status == "asked"
    thread = await shop.thread(one["id"])
    questions = [e for e in thread if (e["content"] or {}).get("type") == "buttons"]
    assert len(questions) == 1
    assert [b["id"] for b in questions[0]["content"]["buttons"]] == [f"{survey.id}:{n}" for n in range(1, 6)]
    await shop.in_ledger("whatsapp", customer["id"], "How did we do?")
    button = {"button_id": f"{survey.id}:2", "title": "2 · Bad"}
    await shop.writes("whatsapp", customer["id"], type="list_reply", **button)
    found = await answered(shop, survey)
    assert (found.score, found.channel) == (2, "whatsapp")
    await shop.in_ledger("whatsapp", customer["id"], "What could we do better?")

    # Why comes as text, and changes nothing else; a question afterwards reopens.
    await shop.writes("whatsapp", customer["id"], type="text", text="It took three days")

    async def commented() -> Any:
        return (await surveys.get(here(shop), survey.id)).comment

    assert await eventually(commented) == "It took three days"
    assert (await stored(shop, one)).state == "closed"
    listed = await shop.get(f"/contacts/{one['contact_id']}/surveys")
    assert [(item["score"], item["comment"]) for item in listed["items"]] == [(2, "It took three days")]
    reviewed = await shop.post(f"/surveys/{survey.id}/review", note="Called back")
    assert (reviewed["review"], reviewed["reviewed_by"]) == ("Called back", "Olu Owner")
    await shop.writes("whatsapp", customer["id"], type="text", text="Will you call me?")

    async def open_again() -> Any:
        return (await stored(shop, one)).state == "open"

    await eventually(open_again)
    today = datetime.now(UTC).date()
    # Around midnight it is one or the other.
    report = await shop.get("/reports", first=today - timedelta(days=1), last=today + timedelta(days=1), zone="UTC")
    assert (report["total"]["csat_answers"], report["total"]["csat_average"]) == (1, 2)


async def test_digits_on_sms_and_never_twice(shop: Shop, settled: Any) -> None:
    await settled(csat=CSAT)
    customer, one = await helped(shop, "sms")
    survey = await asked(shop, one["id"])
    await shop.in_ledger("sms", customer["id"], "from 1 (very bad) to 5 (very good)")
    await shop.writes("sms", customer["id"], type="text", text="5 stars")
    assert (await answered(shop, survey)).score == 5
    now = await stored(shop, one)
    assert (now.state, now.episode, now.unread) == ("closed", 1, 0)
    # The first answer stands, and it is not asked again.
    await shop.writes("sms", customer["id"], type="text", text="Bye")
    again = await asked(shop, one["id"], hours=2)
    assert (again.id, again.score) == (survey.id, 5)
    sent = await shop.ledger(channel="sms", customer=customer["id"], direction="out")
    assert sum("very good" in str(item["body"]) for item in sent) == 1


async def test_after_its_time_a_number_is_a_message(shop: Shop, settled: Any) -> None:
    await settled(csat=CSAT)
    customer, one = await helped(shop, "sms")
    survey = await asked(shop, one["id"])
    mark = (await stored(shop, one)).asked
    assert mark is not None
    over = replace(mark, until=shop.runtime.clock.now() - timedelta(seconds=1))
    await conversations.change(here(shop), await stored(shop, one), lambda now: replace(now, asked=over))
    await shop.writes("sms", customer["id"], type="text", text="5")

    async def open_again() -> Any:
        return (await stored(shop, one)).state == "open"

    await eventually(open_again)
    assert (await surveys.get(here(shop), survey.id)).score is None


async def test_what_comes_later_is_no_comment(shop: Shop, settled: Any) -> None:
    """A new problem of somebody who was content, an hour later: it reopens. A late tap says nothing new."""
    await settled(csat=CSAT)
    customer, one = await helped(shop, "whatsapp")
    survey = await asked(shop, one["id"])
    await shop.writes("whatsapp", customer["id"], type="text", text="5!")
    await answered(shop, survey)

    def hour_later(now: Conversation) -> Conversation:
        asked, past = now.asked, shop.runtime.clock.now() - timedelta(minutes=1)
        assert asked is not None
        return replace(now, asked=replace(asked, comment_until=past))

    await eventually(lambda: _comment_time(shop, one))
    await conversations.change(here(shop), await stored(shop, one), hour_later)
    await shop.writes("whatsapp", customer["id"], type="list_reply", button_id="srv_older:4", title="4 · Good")
    await shop.entry_where(one["id"], lambda e: (e["content"] or {}).get("title") == "4 · Good")
    await shop.writes("whatsapp", customer["id"], type="text", text="My parcel has not come")

    async def open_again() -> Any:
        return (now := await stored(shop, one)).state == "open" and now

    assert (await eventually(open_again)).unread == 1
    assert (await surveys.get(here(shop), survey.id)).comment == ""


async def test_a_question_without_words_for_this_one_is_not_asked(shop: Shop, settled: Any) -> None:
    french = "{% if contact.language == 'fr' %}De 1 à 5 ?{% endif %}"
    await settled(csat=CSAT.model_copy(update={"question_digits": french}))
    _, one = await helped(shop, "sms")
    survey = await asked(shop, one["id"])
    assert (survey.status, survey.skipped_because) == ("skipped", "The question has no words for this customer.")


async def _comment_time(shop: Shop, one: dict[str, Any]) -> Any:
    asked = (await stored(shop, one)).asked
    return asked and asked.comment_until


async def test_who_is_not_asked(shop: Shop, settled: Any) -> None:
    # Not answered by anybody; asked not long ago; reopened before; where the window is closed and no template is named.
    await settled(csat=CSAT.model_copy(update={"cooldown_days": 7, "delay_minutes": 60 * 30}))
    _, silent = await shop.someone("whatsapp")
    await shop.post(f"/conversations/{silent['id']}/close")
    ws = later(shop, seconds=20)
    await duties.attend(ws, silent["id"])
    assert await store.of_contact(ws, silent["contact_id"]) == []
    _, one = await helped(shop, "whatsapp")
    late = await asked(shop, one["id"], hours=31)
    assert late.status == "skipped"
    assert "24 hours" in late.skipped_because
    _, two = await helped(shop, "sms")
    await duties.attend(later(shop, seconds=20), two["id"])
    await shop.post(f"/conversations/{two['id']}/reopen")
    (survey,) = await store.of_contact(ws, two["contact_id"])
    await surveys.attend(later(shop, hours=31), survey.id)
    assert (await surveys.get(ws, survey.id)).skipped_because == "The conversation was reopened before."


async def test_a_low_score_may_reopen(shop: Shop, settled: Any) -> None:
    await settled(csat=CSAT.model_copy(update={"on_low": "reopen"}))
    customer, one = await helped(shop, "sms")
    survey = await asked(shop, one["id"])
    await shop.writes("sms", customer["id"], type="text", text="1, it never came")
    assert (await answered(shop, survey)).comment == "it never came"

    async def open_again() -> Any:
        found = await stored(shop, one)
        return found if found.state == "open" else None

    assert (await eventually(open_again)).episode == 2


@pytest.mark.parametrize(
    ("said", "score", "tasks"), [("3 too slow", None, 0), ("3", 3, 1), ("8", 8, 0), ("6 - okay", 6, 1)]
)
async def test_sixty_days_later(shop: Shop, settled: Any, said: str, score: int | None, tasks: int) -> None:
    """Rule R25."""
    await settled(nps=Nps(enabled=True))
    customer, one = await helped(shop, "sms")
    ws = later(shop, days=59)
    (planned,) = await store.of_contact(ws, one["contact_id"])
    await surveys.attend(ws, planned.id)
    assert (await surveys.get(ws, planned.id)).status == "due"
    survey = planned
    for _ in range(2):
        await surveys.attend(later(shop, days=61), survey.id)
    now = await stored(shop, one)
    assert now.asked is not None
    assert now.asked.kind == "nps"
    await shop.writes("sms", customer["id"], type="text", text=said)
    if score is None:
        return
    found = await answered(shop, survey)
    assert found.score == score
    if score <= 6:
        ticket = await eventually(lambda: tickets.find(here(shop), surveys._ticket_id(survey)))
        assert ticket.title == f"Would not recommend us ({score} of 10)"
        assert (ticket.type, ticket.contact_id) == ("task", one["contact_id"])
        assert ticket.description == (found.comment or "They have not said why.")
    else:
        assert await tickets.find(here(shop), surveys._ticket_id(survey)) is None
    # Never twice.
    await surveys.after_first_contact(ws, one["contact_id"], ws.clock.now())
    assert len([s for s in await store.of_contact(ws, one["contact_id"]) if s.kind == "nps"]) == 1


async def test_a_template_where_the_window_is_closed(shop: Shop, settled: Any) -> None:
    account = shop.accounts["whatsapp"]
    await shop.post(f"/accounts/{account}/templates/sync")
    named = next(t for t in (await shop.get("/templates"))["items"] if t["name"] == "reply_ready")
    templates = {account: f"{named['name']}/{named['language']}"}
    # Not due by the real clock, so that the worker does not ask while the window is still open.
    await settled(csat=CSAT.model_copy(update={"templates": templates, "delay_minutes": 60}))
    _, one = await helped(shop, "whatsapp")
    survey = await asked(shop, one["id"], hours=25)
    assert (survey.status, survey.skipped_because) == ("asked", "")
    question = (await shop.thread(one["id"]))[-1]
    assert question["content"]["type"] == "template"
    assert question["content"]["preview"]["body"].startswith("Hello ")
