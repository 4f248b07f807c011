"""A stop is a stop: by word, by the provider's refusal, by a block; and only the person lifts it."""

import uuid
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.core.addresses import Address
from crm import consent, contacts
from tests.support.shop import Shop, eventually

SLOW = settings(
    max_examples=6,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


async def tries(shop: Shop, conversation_id: str, purpose: str = "service") -> Any:
    """What the API says to a message."""
    body = {"client_id": str(uuid.uuid4()), "content": {"type": "text", "text": "Hello?"}, "purpose": purpose}
    return await shop.agent.post(f"/api/v1/conversations/{conversation_id}/messages", json=body)


async def facts(shop: Shop, conversation: dict[str, Any]) -> list[dict[str, Any]]:
    page = await shop.get(f"/contacts/{conversation['contact_id']}/consents")
    found: list[dict[str, Any]] = page["items"]
    return found


async def fact_where(shop: Shop, conversation: dict[str, Any], **wanted: Any) -> dict[str, Any]:
    async def look() -> dict[str, Any] | None:
        page = await shop.get(f"/contacts/{conversation['contact_id']}/consents")
        known = [s["at"] for s in page["standings"]]
        fits = (f for f in page["items"] if all(f[name] == value for name, value in wanted.items()))
        # The fact is kept before what follows from it.
        return next((f for f in fits if known and max(known) >= f["at"]), None)

    return await eventually(look)


async def test_stop_by_text_message_ends_everything_until_start(shop: Shop) -> None:
    person, conversation = await shop.someone("sms")
    await shop.writes("sms", person["id"], type="text", text="STOP")
    kept = await fact_where(shop, conversation, state="withdrawn", source="keyword")
    assert kept["wording"] == "STOP"
    assert set(kept["purposes"]) == {"service", "transactional", "marketing"}
    refused = await tries(shop, conversation["id"])
    assert (refused.status_code, refused.json()["code"]) == (409, "opted_out")

    async def shown() -> dict[str, Any] | None:
        reach = (await shop.get(f"/conversations/{conversation['id']}"))["reach"][0]
        return reach if reach["blocked"] else None

    reach = await eventually(shown)
    assert reach["blocked"] == "opted_out"
    assert reach["blocked_reason"]
    await shop.writes("sms", person["id"], type="text", text="START")
    await fact_where(shop, conversation, state="lifted", source="keyword")

    async def may() -> bool:
        return bool((await tries(shop, conversation["id"])).status_code == 202)

    await eventually(may)
    assert (await tries(shop, conversation["id"], "marketing")).status_code == 409


@pytest.mark.parametrize("word", ["START", "Yes!"])
async def test_what_lifts_a_stop_at_the_carrier_lifts_it_here(shop: Shop, word: str) -> None:
    """STOP in words of their own, which the carrier does not know, and STOP that it enforces, told by 21610 as well."""
    person, conversation = await shop.someone("sms")
    await shop.writes("sms", person["id"], type="text", text="yes")
    assert await facts(shop, conversation) == []
    await shop.knobs(customers={person["id"]: {"fail_next": {"code": 21610, "count": 1}}})
    entry = await shop.answers(conversation["id"], "Are you there?")
    await shop.entry_where(conversation["id"], lambda e: e["id"] == entry["id"] and e["status"] == "failed")
    await fact_where(shop, conversation, state="withdrawn", source="provider_refusal")
    await shop.writes("sms", person["id"], type="text", text="please stop it")
    await fact_where(shop, conversation, state="withdrawn", source="keyword")
    assert (await tries(shop, conversation["id"])).status_code == 409
    await shop.writes("sms", person["id"], type="text", text=word)

    async def may() -> bool:
        return bool((await tries(shop, conversation["id"])).status_code == 202)

    await eventually(may)
    assert (await tries(shop, conversation["id"], "marketing")).status_code == 409
    lifted = await fact_where(shop, conversation, state="lifted", source="keyword")
    assert lifted["wording"] == word


async def test_a_yes_where_we_may_still_write_is_no_start(shop: Shop) -> None:
    person, conversation = await shop.someone("telegram")
    await shop.writes("telegram", person["id"], type="text", text="STOP")
    await fact_where(shop, conversation, state="withdrawn", source="keyword")
    await shop.writes("telegram", person["id"], type="text", text="yes")
    await shop.entry_where(conversation["id"], lambda e: says("yes", e))
    assert {fact["state"] for fact in await facts(shop, conversation)} == {"withdrawn"}


async def test_stop_on_whatsapp_ends_marketing_and_no_answers(shop: Shop) -> None:
    person, conversation = await shop.someone("whatsapp")
    await shop.writes("whatsapp", person["id"], type="marketing_stop")
    await fact_where(shop, conversation, state="withdrawn", purposes=["marketing"])

    async def shown() -> bool:
        reach = (await shop.get(f"/conversations/{conversation['id']}"))["reach"][0]
        return reach["marketing_stopped"] is True

    await eventually(shown)
    assert (await tries(shop, conversation["id"])).status_code == 202
    assert (await tries(shop, conversation["id"], "marketing")).status_code == 409


@pytest.mark.parametrize("text", ["cancel my order", "end of month?", "Is there a stop near you?"])
async def test_a_question_is_no_stop(shop: Shop, text: str) -> None:
    person, conversation = await shop.someone("sms")
    await shop.writes("sms", person["id"], type="text", text=text)
    await shop.entry_where(conversation["id"], lambda e: (e["content"] or {}).get("text") == text)
    assert await facts(shop, conversation) == []
    assert (await tries(shop, conversation["id"])).status_code == 202


async def test_the_carriers_refusal_is_a_fact_and_obeyed(shop: Shop) -> None:
    person, conversation = await shop.someone("sms")
    await shop.knobs(customers={person["id"]: {"fail_next": {"code": 21610, "count": 1}}})
    entry = await shop.answers(conversation["id"], "Are you there?")
    failed = await shop.entry_where(conversation["id"], lambda e: e["id"] == entry["id"] and e["status"] == "failed")
    assert failed["error"]["provider_code"] == "21610"
    assert failed["error"]["message"]
    assert failed["error"]["can_resend"] is False
    await fact_where(shop, conversation, state="withdrawn", source="provider_refusal")
    assert (await tries(shop, conversation["id"])).status_code == 409
    again = await shop.agent.post(f"/api/v1/entries/{entry['id']}/resend")
    assert again.status_code == 409


async def test_whatsapps_marketing_refusal_ends_marketing_only(shop: Shop) -> None:
    person, conversation = await shop.someone("whatsapp")
    await shop.knobs(customers={person["id"]: {"fail_next": {"code": 131050, "count": 1}}})
    entry = await shop.answers(conversation["id"], "An offer")
    # It comes as a report, after the message was taken.
    failed = await shop.entry_where(conversation["id"], lambda e: e["id"] == entry["id"] and e["status"] == "failed")
    assert failed["error"]["provider_code"] == "131050"
    await fact_where(shop, conversation, state="withdrawn", purposes=["marketing"], source="provider_refusal")
    assert (await tries(shop, conversation["id"])).status_code == 202


async def test_a_block_on_telegram_and_its_end(shop: Shop) -> None:
    person, conversation = await shop.someone("telegram")
    await shop.writes("telegram", person["id"], type="block")
    await fact_where(shop, conversation, state="blocked")
    refused = await tries(shop, conversation["id"])
    assert (refused.status_code, refused.json()["code"]) == (409, "blocked")
    await shop.writes("telegram", person["id"], type="unblock")
    await fact_where(shop, conversation, state="unblocked")

    async def may() -> bool:
        return bool((await tries(shop, conversation["id"])).status_code == 202)

    await eventually(may)


async def test_what_waits_when_the_stop_comes_is_not_sent(shop: Shop) -> None:
    person, conversation = await shop.someone("sms")
    await shop.knobs(customers={person["id"]: {"throttle": True}})
    entry = await shop.answers(conversation["id"], "Too late")
    await shop.entry_where(
        conversation["id"], lambda e: e["id"] == entry["id"] and e["status"] in ("queued", "sending")
    )
    # In words that the carrier does not know, so that it is we who keep it back.
    await shop.writes("sms", person["id"], type="text", text="please stop it")
    await fact_where(shop, conversation, state="withdrawn", source="keyword")
    await shop.knobs(customers={person["id"]: {"throttle": None}})
    # A sender that is often told to slow down asks again after 64 seconds at the most.
    skipped = await shop.entry_where(
        conversation["id"], lambda e: e["id"] == entry["id"] and e["status"] == "skipped", seconds=120
    )
    assert skipped["error"]["code"] == "opted_out"
    assert skipped["error"]["message"]
    sent = await shop.ledger(channel="sms", customer=person["id"], direction="out")
    assert "Too late" not in str(sent)


async def test_a_stop_under_a_hidden_number_holds_when_the_number_appears(shop: Shop) -> None:
    person = await shop.customer(name="Hidden One", hides_phone=True)
    await shop.writes("whatsapp", person["id"], type="text", text="Hello from behind")
    conversation = await shop.conversation_with("Hidden One")
    assert "+" not in conversation["reach"][0]["address"]
    await shop.writes("whatsapp", person["id"], type="marketing_stop")
    await fact_where(shop, conversation, state="withdrawn", purposes=["marketing"])
    shown = await shop.sandbox.put(f"/_sandbox/customers/{person['id']}", json={"hides_phone": False})
    assert shown.status_code == 200, shown.text
    await shop.writes("whatsapp", person["id"], type="text", text="Now you see me")
    await shop.entry_where(conversation["id"], lambda e: (e["content"] or {}).get("text") == "Now you see me")
    known = await shop.get(f"/contacts/{conversation['contact_id']}")
    handles = [a for a in known["addresses"] if a["channel"] == "whatsapp"]
    assert len(handles) == 2
    assert {a["consent"]["marketing"] for a in handles} == {"withdrawn"}
    # And a stop that comes under the number holds for the id, too.
    entry = await shop.answers(conversation["id"], "Hello again")
    await shop.entry_where(conversation["id"], lambda e: e["id"] == entry["id"] and e["status"] == "delivered")


async def test_a_new_number_keeps_history_and_consent(shop: Shop) -> None:
    person, conversation = await shop.someone("whatsapp")
    await shop.writes("whatsapp", person["id"], type="marketing_stop")
    await fact_where(shop, conversation, state="withdrawn", purposes=["marketing"])
    new = (await shop.customer())["phone"][:-4] + "9" + person["phone"][-3:]
    await shop.writes("whatsapp", person["id"], type="number_change", phone=new)
    await shop.entry_where(conversation["id"], lambda e: (e["event"] or {}).get("new") == f"whatsapp:{new}")
    await shop.writes("whatsapp", person["id"], type="text", text="My new number")
    await shop.entry_where(conversation["id"], lambda e: (e["content"] or {}).get("text") == "My new number")
    known = await shop.get(f"/contacts/{conversation['contact_id']}")
    row = next(a for a in known["addresses"] if a["address"].endswith(new))
    assert row["consent"]["marketing"] == "withdrawn"


def says(text: str, entry: dict[str, Any]) -> bool:
    return bool((entry["content"] or {}).get("text") == text)


STEPS = st.lists(
    st.sampled_from(["STOP", "START", "stop please", "hello", "cancel my order", "UNSUBSCRIBE"]), max_size=5
)


@SLOW
@given(steps=STEPS)
async def test_no_sequence_sends_after_a_stop_or_any_marketing(shop: Shop, steps: list[str]) -> None:
    """After each thing the person says, the gate and the API must agree with what they said last."""
    person, conversation = await shop.someone("sms")
    stopped = False
    for number, said in enumerate(steps):
        await shop.writes("sms", person["id"], type="text", text=said)
        unread = f"{number}-{uuid.uuid4()}"
        await shop.writes("sms", person["id"], type="text", text=unread)
        await shop.entry_where(conversation["id"], partial(says, unread))
        if said in ("STOP", "stop please", "UNSUBSCRIBE"):
            stopped = True
        elif said == "START":
            stopped = False
        found = await contacts.known(shop.owner.ws, Address("sms", person["phone"]))
        assert found is not None
        assert (consent.refusal(found, "service", shop.runtime.clock.now()) is not None) is stopped
        assert consent.refusal(found, "marketing", shop.runtime.clock.now()) is not None
        answer = await tries(shop, conversation["id"])
        assert (answer.status_code == 409) is stopped
        assert (await tries(shop, conversation["id"], "marketing")).status_code == 409


async def test_own_stop_words_and_what_is_answered(shop: Shop) -> None:
    account = shop.accounts["whatsapp"]
    words = {"stop_words": "no more, enough", "start_words": "back again", "stop_reply": "No more offers from us."}
    changed = await shop.agent.patch(f"/api/v1/accounts/{account}", json={"config": words})
    assert changed.status_code == 200, changed.text
    # Workers look again every few seconds.
    shop.runtime.accounts.forget()
    try:
        person, conversation = await shop.someone("whatsapp")
        await shop.writes("whatsapp", person["id"], type="text", text="Enough!")
        kept = await fact_where(shop, conversation, state="withdrawn", source="keyword")
        assert (kept["wording"], kept["purposes"]) == ("Enough!", ["marketing"])
        said = await shop.entry_where(
            conversation["id"],
            lambda e: (e["content"] or {}).get("text") == words["stop_reply"] and e["status"] != "queued",
        )
        assert (said["direction"], said["author"]["type"]) == ("out", "bot")
        await shop.writes("whatsapp", person["id"], type="text", text="back again")
        await fact_where(shop, conversation, state="lifted", source="keyword")
        answered = [e for e in await shop.thread(conversation["id"]) if e["direction"] == "out"]
        assert len(answered) == 1
    finally:
        await shop.agent.patch(f"/api/v1/accounts/{account}", json={"config": dict.fromkeys(words, "")})
        shop.runtime.accounts.forget()


async def test_where_the_provider_answers_a_stop_there_is_nothing_to_settle(shop: Shop) -> None:
    kinds = {kind["kind"]: {f["name"] for f in kind["fields"]} for kind in (await shop.get("/channels"))["items"]}
    assert "stop_words" in kinds["sms"]
    assert "stop_reply" not in kinds["sms"]
    assert "stop_reply" in kinds["telegram"]


async def heard_by(shop: Shop, person: dict[str, Any], kind: str) -> list[str]:
    sent = await shop.ledger(channel=kind, customer=person["id"], direction="out")
    return [str(each["body"].get("text") or each["body"].get("message") or each["body"]) for each in sent]


async def marked(shop: Shop, kind: str, person: dict[str, Any], conversation: dict[str, Any]) -> None:
    """What came before has been worked off, and what follows from it is off."""
    words = str(uuid.uuid4())
    await shop.writes(kind, person["id"], type="text", text=words)
    await shop.entry_where(conversation["id"], partial(says, words))

    async def still() -> bool:
        thread = await shop.thread(conversation["id"])
        return all(e["status"] not in ("queued", "sending") for e in thread if e["direction"] == "out")

    await eventually(still)


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("ABMELDEN!", "Sie sind abgemeldet und erhalten keine Nachrichten mehr von uns."),
        ("arrêt", "Vous êtes désinscrit(e) et ne recevrez plus de messages"),
        ("Stop please", "You have been unsubscribed and will get no more messages from us. Reply START"),
    ],
)
async def test_a_stop_that_the_carrier_does_not_know_is_confirmed_once(shop: Shop, word: str, told: str) -> None:
    person, conversation = await shop.someone("sms")
    before = len(await heard_by(shop, person, "sms"))
    for _ in range(2):
        await shop.writes("sms", person["id"], type="text", text=word)
        await marked(shop, "sms", person, conversation)
    (said,) = (await heard_by(shop, person, "sms"))[before:]
    assert told in said
    assert (await tries(shop, conversation["id"])).status_code == 409
    # Taken back and said again it is another stop.
    await shop.writes("sms", person["id"], type="text", text="resume")
    await fact_where(shop, conversation, state="lifted", source="keyword")
    await marked(shop, "sms", person, conversation)
    await shop.writes("sms", person["id"], type="text", text=word)
    await marked(shop, "sms", person, conversation)
    _, back, again = (await heard_by(shop, person, "sms"))[before:]
    assert "STOP" in back
    assert again == said


@pytest.mark.parametrize("word", ["STOP", " Unsubscribe "])
async def test_a_stop_that_the_carrier_has_answered_is_not_answered_again(shop: Shop, word: str) -> None:
    person, conversation = await shop.someone("sms")
    before = len(await heard_by(shop, person, "sms"))
    await shop.writes("sms", person["id"], type="text", text=word)
    await fact_where(shop, conversation, state="withdrawn", source="keyword")
    await marked(shop, "sms", person, conversation)
    (said,) = (await heard_by(shop, person, "sms"))[before:]
    assert said.startswith("You have successfully been unsubscribed")
    # Nor was it tried.
    assert [e for e in await shop.thread(conversation["id"]) if e["direction"] == "out"] == []


async def test_a_word_that_the_carrier_does_not_know_calls_for_no_second_word_on_top_of_its_own(shop: Shop) -> None:
    person, conversation = await shop.someone("sms")
    before = len(await heard_by(shop, person, "sms"))
    await shop.knobs(customers={person["id"]: {"fail_next": {"code": 21610, "count": 1}}})
    await shop.answers(conversation["id"], "Are you there?")
    await fact_where(shop, conversation, state="withdrawn", source="provider_refusal")
    await shop.writes("sms", person["id"], type="text", text="abmelden")
    await marked(shop, "sms", person, conversation)
    assert len(await heard_by(shop, person, "sms")) == before


@pytest.mark.parametrize("kind", ["whatsapp", "telegram"])
async def test_stop_start_and_help_are_answered_where_no_provider_does(shop: Shop, kind: str) -> None:
    person, conversation = await shop.someone(kind)
    for word in ("STOP", "stop", "START", "start", "Hilfe"):
        await shop.writes(kind, person["id"], type="text", text=word)
        await marked(shop, kind, person, conversation)
    said = [e["content"]["text"] for e in await shop.thread(conversation["id"]) if e["direction"] == "out"]
    assert len(said) == 3
    assert "You have been unsubscribed and will get no more offers from us. Reply START" in said[0]
    assert "Your stop is taken back" in said[1]
    assert "Schreiben Sie uns hier" in said[2]


async def test_a_tap_on_a_button_stops_where_the_button_says_so(shop: Shop) -> None:
    person, conversation = await shop.someone("whatsapp")

    async def taps(title: str) -> None:
        await shop.writes("whatsapp", person["id"], type="button_reply", button_id="b1", title=title)
        await marked(shop, "whatsapp", person, conversation)

    await taps("Cancel")
    assert await facts(shop, conversation) == []
    await taps("Not interested")
    assert {(fact["state"], fact["wording"]) for fact in await facts(shop, conversation)} == {
        ("held", "Not interested")
    }
    await taps("Stop promotions")
    assert {fact["state"] for fact in await facts(shop, conversation)} == {"withdrawn", "held"}
    said = [e["content"]["text"] for e in await shop.thread(conversation["id"]) if e["direction"] == "out"]
    assert len(said) == 2
    assert "You have been unsubscribed" in said[1]


async def test_nobody_else_sends_as_a_confirmation(shop: Shop) -> None:
    _, conversation = await shop.someone("sms")
    refused = await tries(shop, conversation["id"], "stop_confirmation")
    assert refused.status_code == 422


async def test_a_message_that_is_changed_into_a_stop_is_one(shop: Shop) -> None:
    person, conversation = await shop.someone("telegram")
    (said,) = await shop.writes("telegram", person["id"], type="text", text="Send me the offer")
    await shop.entry_where(conversation["id"], partial(says, "Send me the offer"))
    await shop.writes("telegram", person["id"], type="edit", target=said, text="STOP")
    kept = await fact_where(shop, conversation, state="withdrawn", source="keyword")
    assert kept["wording"] == "STOP"
