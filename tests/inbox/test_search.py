"""Search: every stored message is found by its words, newest first, whenever the indexing was interrupted."""

import unicodedata
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.core import ids
from app.core.platform import stored as platform
from app.core.runtime import Runtime, Workspace
from inbox import conversations, timeline
from inbox.finding import search, words
from inbox.timeline import Author, Campaign, Entry
from tests.support.people import Person
from tests.support.shop import Shop, eventually

NOW = datetime.now(UTC).replace(microsecond=0)


async def say(ws: Workspace, text: str, *, at: datetime = NOW, kind: Any = "message", **more: Any) -> Entry:
    contact_id = ids.new("con")
    made = conversations.new_for(ws, contact_id, name="Ana")
    entry = Entry(
        id=ids.new("ent"), contact_id=contact_id, conversation_id=made.id, at=at, created_at=at, kind=kind,
        direction="in", author=Author("contact"), content={"type": "text", "text": text}, **more,
    )  # fmt: skip
    entry, _ = await timeline.append(ws, entry, after=0)
    await conversations.change(ws, made, lambda now: replace(now, last_number=1))
    return entry


async def found(ws: Workspace, text: str, limit: int = 3) -> list[str]:
    seen: list[str] = []
    cursor: str | None = None
    while True:
        hits, cursor = await search.messages(ws, text, cursor=cursor, limit=limit)
        seen += [hit.entry.id for hit in hits]
        if cursor is None:
            return seen


FOUND: list[tuple[str, str, bool]] = [
    ("My invoices are wrong", "invoice", True),
    ("Où est ma réservation ?", "reservation", True),
    ("Заказы приехали", "заказ", True),
    ("Your order 20241122-77 has left", "order 77", True),
    ("Call me: +12025550178", "0178", True),
    ("Call me: +12025550178", "12025550178", True),
    ("I can't log in", "can't", True),
    ("My invoices are wrong", "invoice right", False),
    ("STRASSE", "straße", True),
    ("这个 包裹 坏了", "包裹", True),
    ("🙂", "🙂", False),
    (unicodedata.normalize("NFD", "Où est ma réservation ?"), "réservation", True),
    ("Où est ma réservation ?", unicodedata.normalize("NFD", "réservation"), True),
    ("नमस्ते दुनिया", "दुनिया", True),
    ("नमस्ते दुनिया", "नमक", False),
    ("مَرْحَبًا بك", "مرحبا", True),
    ("שָׁלוֹם", "שלום", True),
    ("வணக்கம்", "வணக்கம்", True),
    ("வணக்கம்", "கம்", False),
]


@pytest.mark.parametrize(("text", "sought", "fits"), FOUND)
def test_words_are_found_in_other_forms(text: str, sought: str, fits: bool) -> None:
    wanted = words.wanted(sought)
    assert (bool(wanted) and set(wanted) <= set(words.tokens(text))) is fits


@pytest.mark.parametrize("text", ["مَرْحَبًا", "नमस्ते", unicodedata.normalize("NFD", "Việt")])
def test_a_word_is_marked_as_a_whole(text: str) -> None:
    assert words.excerpt(f"👍🏽 {text} …", words.wanted(text), chars=80)[1] == [(3, 3 + len(text))]


def test_what_stands_behind_a_long_address_is_shown() -> None:
    shown, marks = words.excerpt(f"See https://example.com/{'y' * 300} for the needle", ["needl"], chars=160)
    assert [shown[start:end] for start, end in marks] == ["needle"]


@settings(max_examples=200)
@given(text=st.text(max_size=400), chars=st.integers(10, 80))
def test_marks_stand_on_the_words_that_were_sought(text: str, chars: int) -> None:
    wanted = words.wanted(text)[:3]
    shown, marks = words.excerpt(text, wanted, chars=chars)
    assert len(shown) <= chars + 2
    for start, end in marks:
        assert set(words.tokens_of(shown[start:end])) & set(wanted)
    assert len(words.tokens(text)) <= words.MOST


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    batches=st.lists(
        st.lists(st.tuples(st.sampled_from(["parcel", "parcels late", "late", "refund"]), st.integers(0, 9_000))),
        max_size=4,
    ),
    dies=st.integers(0, 3),
)
async def test_everything_stored_is_found_once(
    runtime: Runtime, batches: list[list[tuple[str, int]]], dies: int
) -> None:
    ws = runtime.workspace(ids.new("ws"))
    # Not when the module was read: that is minutes ago in a long run, and what comes that late is not looked for.
    now = runtime.clock.now()
    await platform.move_mark(runtime, "search", now - timedelta(seconds=9_500))
    seen: dict[str, datetime] = {}
    made: list[Entry] = []
    texts: dict[str, str] = {}
    for at, batch in enumerate(batches):
        for text, ago in batch:
            if at and ago > 30:
                ago = 0
            entry = await say(ws, text, at=now - timedelta(seconds=ago))
            made.append(entry)
            texts[entry.id] = text
        await search.look_back(runtime, seen)
        await search.follow(runtime, seen)
        if at == dies:
            # Another worker takes over; of the last batch only the rows are left, not the mark.
            seen = {}
            await platform.move_mark(runtime, "search", now - timedelta(seconds=9_500))
    await search.look_back(runtime, seen)
    await search.follow(runtime, seen)
    for sought in ("parcel", "late", "late parcel"):
        wanted = [entry for entry in made if set(words.wanted(sought)) <= set(words.tokens(texts[entry.id]))]
        order = sorted(wanted, key=lambda entry: (entry.created_at, entry.id), reverse=True)
        assert await found(ws, sought) == [entry.id for entry in order]


SAID = [
    "Ring me on +44 20 7946 0958 please",
    "020 7946 0958, after six",
    "442079460958",
    "Or 020 7946 0959",
    "Box 0958",
    "It is 7946 0958 here",
]


@pytest.mark.parametrize(
    ("sought", "found"),
    [
        ("+44 (0)20 7946 0958", [0, 1, 2, 5]),
        ("0044 2079460958", [0, 1, 2, 5]),
        ("(020) 7946-0958", [0, 1, 2, 5]),
        ("020 7946 0959", [3]),
    ],
)
async def test_a_phone_number_is_found_in_any_notation(runtime: Runtime, sought: str, found: list[int]) -> None:
    ws = runtime.workspace(ids.new("ws"))
    said = [await say(ws, text, at=NOW - timedelta(seconds=at)) for at, text in enumerate(SAID)]
    await search.index(ws, said)
    hits, _ = await search.messages(ws, sought, cursor=None, limit=20)
    assert [said.index(hit.entry) for hit in hits] == found
    for hit in hits:
        ((start, end),) = hit.marks
        assert set(hit.text[start:end]) <= set("+0123456789 ")


async def test_the_api_shows_where_it_stands(owner: Person) -> None:
    ws = owner.ws
    entry = await say(ws, "long " * 60 + "until the Refunds were paid")
    await search.index(ws, [entry])
    answer = (await owner.client.get("/api/v1/search", params={"q": "refund"})).json()
    hit = answer["messages"]["items"][0]
    assert (hit["entry_id"], hit["number"], hit["contact_name"]) == (entry.id, entry.number, "Ana")
    start, end = hit["marks"][0]
    assert hit["text"][start:end] == "Refunds"
    assert hit["text"].startswith("…")
    await search.reindex(ws, replace(entry, deleted_at=NOW))
    assert (await owner.client.get("/api/v1/search/messages", params={"q": "refund"})).json()["items"] == []
    assert (await owner.client.get("/api/v1/search", params={"q": "refund", "cursor": "x"})).status_code == 422


async def test_what_a_broadcast_said_to_everybody_buries_nothing(runtime: Runtime) -> None:
    ws, now = runtime.workspace(ids.new("ws")), runtime.clock.now()
    await platform.move_mark(runtime, "search", now - timedelta(seconds=60))
    sent = Campaign("brc_1", "Spring", "brc_1.0.0", "a", now)
    await say(ws, "The tulips have come", at=now, campaign=sent)
    answer = await say(ws, "Are the tulips red?", at=now)
    await search.follow(runtime, {})
    assert await found(ws, "tulips") == [answer.id]


async def test_what_customers_write_is_found_by_and_by(shop: Shop) -> None:
    customer = await shop.customer(name="Sasha Searched")
    await shop.writes("whatsapp", customer["id"], type="text", text="The zeppelins have landed")

    async def look() -> dict[str, Any] | None:
        answer = await shop.get("/search", q="zeppelin")
        return answer["messages"]["items"][0] if answer["messages"]["items"] else None

    hit = await eventually(look)
    assert hit["contact_name"] == "Sasha Searched"
    people = (await shop.get("/search", q="sash"))["contacts"]
    assert [each["name"] for each in people] == ["Sasha Searched"]
