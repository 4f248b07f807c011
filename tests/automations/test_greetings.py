"""What the widget says by itself: to whom, when, and that it stands before the answer and nowhere else."""

from typing import Any

from app.core.addresses import Address
from crm import consent
from crm.consent import ConsentFact
from tests.support import network
from tests.support.screens import headers_of, screen
from tests.support.shop import Shop, eventually
from tests.support.widgets import Widget, text_of

WORDS = {
    "en": {"text": "Questions about delivery?", "replies": ["When does it come?", "What does it cost?"]},
    "fr": {"text": "Des questions sur la livraison ?"},
}


async def test_a_greeting_becomes_the_first_message_when_it_is_answered(shop: Shop) -> None:
    site = await shop.post("/accounts", 201, kind="livechat", name="Greeting site", config={"title": "Shop"})
    key = site["config"]["site_key"]
    refused = await shop.post("/greetings", 422, name="X", chat_ids=[shop.accounts["sms"]], words=WORDS)
    assert refused["errors"][0]["field"] == "chat_ids.0"
    settings = {
        "name": "Delivery",
        "chat_ids": [site["id"]],
        "from_name": "Ama",
        "words": WORDS,
        "pages": [{"how": "glob", "value": "*/products/*"}],
        "promotional": True,
    }
    made = await shop.post("/greetings", 201, **settings)
    calm = await shop.post("/calendars", 201, name="Never", zone="UTC", week=[[]] * 7)
    shut = {**settings, "name": "Shut", "calendar_id": calm["id"], "priority": 90}
    other = await shop.post("/greetings", 201, **shut)
    used = await shop.agent.delete(f"/api/v1/calendars/{calm['id']}")
    assert (used.status_code, used.json()["used_in"][0]["name"]) == (409, "Shut")

    async with network.client(shop.url) as page:

        async def ask(greeting: str, **more: Any) -> Any:
            answer = await page.post(f"/w/greet?key={key}", json={"id": greeting, "lang": "en-GB", **more})
            assert answer.status_code in (200, 204), answer.text
            return answer.json() if answer.status_code == 200 else None

        async def told() -> list[str]:
            found = (await page.get(f"/w/site?key={key}")).json()["greetings"]
            return [rule["id"] for rule in found["rules"]] if found else []

        # In the order of their priority, without a word of what they say.
        await eventually(lambda: _same(told, [other["id"], made["id"]]))
        assert "delivery?" not in (await page.get(f"/w/site?key={key}")).text
        assert await ask(other["id"]) is None
        assert (await ask(made["id"], lang="fr"))["text"] == WORDS["fr"]["text"]
        shown = await ask(made["id"])
        assert shown["replies"] == WORDS["en"]["replies"]
        await page.post(f"/w/greet?key={key}", json={"mark": shown["mark"]})

        # Nothing is kept of who does not answer; a mark that is not ours means nothing.
        forged = Widget(shop.url, key)
        async with forged.online():
            assert [rule["id"] for rule in forged.welcome["config"]["greetings"]["rules"]] == [other["id"], made["id"]]
            await forged.write("client-forged-1", "Forged", greeting="x" + shown["mark"])
            mine = await forged.message(lambda m: text_of(m) == "Forged")
            assert [text_of(m) for m in forged.messages.values()] == ["Forged"]
            assert mine["from"] == "visitor"

        widget = Widget(shop.url, key)
        async with widget.online():
            answer = {"choice_id": "reply-0", "reply_to": "greeting", "greeting": shown["mark"]}
            await widget.write("client-answer-1", **answer)
            await widget.write("client-answer-2", "By Friday?", greeting=shown["mark"])
            await widget.message(lambda m: text_of(m) == "By Friday?")
            await widget.message(lambda m: m["from"] == "agent")
            assert widget.texts == [WORDS["en"]["text"], WORDS["en"]["replies"][0], "By Friday?"]

        async def thread() -> list[dict[str, Any]] | None:
            listed = await shop.get("/conversations", view="all", limit=100)
            for each in listed["items"]:
                entries = (await shop.get(f"/conversations/{each['id']}/entries"))["items"]
                said = [e for e in entries if e["kind"] == "message"]
                if [e["content"].get("text") for e in said[-1:]] == ["By Friday?"]:
                    return said
            return None

        said = await eventually(thread)
        assert [e["direction"] for e in said] == ["out", "in", "in"]
        assert [e["number"] for e in said] == sorted(e["number"] for e in said)
        assert (said[0]["author"]["name"], said[0]["referral"]["headline"]) == ("Ama", "Delivery")
        assert said[1]["content"] == {"type": "choice", "id": "reply-0", "title": WORDS["en"]["replies"][0]}

        now = await shop.get(f"/greetings/{made['id']}")
        assert (now["shown"], now["opened"], now["answered"]) == (2, 1, 1)

        # Who ended marketing in this chat is not shown what is promotional; nor is anybody while all is stopped.
        contact = said[1]["contact_id"]
        assert await ask(made["id"], token=widget.token) is not None
        held = ConsentFact(
            contact_id=contact,
            address=Address.parse(said[1]["address"]),
            purposes=("marketing",),
            state="held",
            source="free_words",
            evidence="perhaps",
            at=shop.runtime.clock.now(),
        )
        await consent.record(shop.owner.ws, held)
        assert await ask(made["id"], token=widget.token) is None
        meant = {"address": said[1]["address"], "purposes": ["marketing"], "state": "released"}
        await shop.post(f"/contacts/{contact}/consents", 201, **meant, wording="About the delivery", way="phone")
        assert await ask(made["id"], token=widget.token) is not None
        ended = {"address": said[1]["address"], "purposes": ["marketing"], "state": "withdrawn"}
        await shop.post(f"/contacts/{contact}/consents", 201, **ended, wording="No offers, please", way="phone")
        assert await ask(made["id"], token=widget.token) is None
        assert await ask(made["id"]) is not None
        await shop.post("/pacing/stop", 200, reason="A wrong price")
        await eventually(lambda: _same(told, []))
        assert await ask(made["id"]) is None
        await shop.post("/pacing/resume", 200)

    path = f"/api/v1/greetings/{made['id']}"
    saved = await shop.agent.put(path, json={**settings, "version": 1, "active": False})
    assert (saved.status_code, saved.json()["version"]) == (200, 2)
    assert (await shop.agent.put(path, json={**settings, "version": 1})).status_code == 409
    assert (await shop.agent.delete(path)).status_code == 204
    assert (await shop.agent.get(path)).status_code == 404


async def test_only_while_somebody_is_there_and_only_to_whom_it_is_for(shop: Shop) -> None:
    site = await shop.post("/accounts", 201, kind="livechat", name="Picky site", config={"title": "Shop"})
    key = site["config"]["site_key"]
    french = await shop.post("/segments", 201, name="French", rule={"field": "language", "op": "is", "value": "fr"})
    settings = {"chat_ids": [site["id"]], "words": WORDS}
    there = await shop.post("/greetings", 201, name="There", online=True, **settings)
    ours = await shop.post("/greetings", 201, name="Ours", segment_id=french["id"], **settings)
    used = await shop.agent.delete(f"/api/v1/segments/{french['id']}")
    assert (used.status_code, used.json()["used_in"][0]["name"]) == (409, "Ours")

    async with network.client(shop.url) as page:

        async def shown(greeting: dict[str, Any], token: str | None = None) -> bool:
            asked = {"id": greeting["id"], "lang": "en", "token": token}
            answer = await page.post(f"/w/greet?key={key}", json=asked)
            assert answer.status_code in (200, 204), answer.text
            return answer.status_code == 200

        async def told() -> int:
            found = (await page.get(f"/w/site?key={key}")).json()["greetings"]
            return len(found["rules"]) if found else 0

        await eventually(lambda: _same(told, 2))

        # Nobody of us is there; then somebody is, goes away from the screen, and comes back.
        assert not await shown(there)
        async with screen(shop.url, headers_of(shop.owner)) as opened:
            await opened.until(lambda frame: frame["type"] == "welcome")
            for presence, seen in (("online", True), ("away", False), ("online", True)):
                await opened.say(type="presence", presence=presence)
                await eventually(lambda seen=seen: _same(lambda: shown(there), seen))  # type: ignore[misc]
        await eventually(lambda: _same(lambda: shown(there), False))

        # Who is not known is in no segment; who is known is shown it as long as they are in it.
        widget = Widget(shop.url, key)
        async with widget.online():
            await widget.write("client-picky-1", "Bonjour")
            await widget.message(lambda m: text_of(m) == "Bonjour")

        async def contact() -> str | None:
            listed = await shop.get("/conversations", view="all", limit=100)
            said = {(each["last_entry"] or {}).get("text"): each["contact_id"] for each in listed["items"]}
            return said.get("Bonjour")

        path = f"/api/v1/contacts/{await eventually(contact)}"
        assert not await shown(ours)
        assert not await shown(ours, widget.token)
        for language, seen in (("fr", True), ("de", False)):
            assert (await shop.agent.patch(path, json={"language": language})).status_code == 200
            await eventually(lambda seen=seen: _same(lambda: shown(ours, widget.token), seen))  # type: ignore[misc]
            assert not await shown(ours)


async def _same(ask: Any, wanted: list[str]) -> bool:
    return bool(await ask() == wanted)
