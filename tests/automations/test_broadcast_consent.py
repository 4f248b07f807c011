"""What broadcasts do about what people agreed to: topics that some declined, the line that says how it ends."""

import asyncio
import csv
import io
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.core.addresses import Address
from automations import renewals
from channels import accounts
from crm import contacts, pacing, standing
from crm.contacts import Profile
from inbox import conversations, footers, preferences
from inbox.mailings import placing
from tests.support.broadcasts import BROADCASTS, agree, checked, counted, customer, draft, listed, text
from tests.support.shop import Shop, eventually

_next = iter(range(1, 99))
SHOES = {"key": "shoes", "labels": {"en": "Shoes"}}


@pytest.fixture(autouse=True)
async def any_hour_will_do(shop: Shop) -> None:
    """Whatever time and day it is where the tests run; and nobody has had enough."""
    await settle(shop)


async def settle(shop: Shop, **changes: Any) -> None:
    settled = (await shop.get("/pacing"))["settings"]
    settled |= {"quiet": {**settled["quiet"], "enabled": False}, "caps": [], "topics": [SHOES], **changes}
    answer = await shop.agent.put("/api/v1/pacing", json=settled)
    assert answer.status_code == 200, answer.text


async def waterfall(shop: Shop, broadcast_id: str) -> dict[str, int]:
    found = await checked(shop.owner, broadcast_id)
    assert found["state"] == "ready", found
    return {step["reason"]: step["count"] for step in found["steps"]} | {"": found["willing"]}


async def test_who_wants_nothing_about_a_topic_gets_nothing_about_it(shop: Shop) -> None:
    owner, ws = shop.owner, shop.owner.ws
    wants = await customer(shop, "Wanda Wants")
    declines = await customer(shop, "Dora Declines")
    said = {"words": "About what?", "language": "en", "proof": {}}
    await preferences.wish(ws, declines, every_days=0, topics=[], **said)
    handle = (await contacts.addresses_of(ws, declines))[0].address
    both = await listed(owner, "Shoe people", [wants, declines])
    plan = {"account_id": shop.accounts["sms"], "audience": {"lists": [both]}, "topic": "boots"}
    made = await draft(owner, variants=[{"wordings": [text(f"New shoes {both}")]}], **plan)
    path = f"{BROADCASTS}/{made['id']}"
    unknown = await owner.client.post(f"{path}/check")
    assert (unknown.status_code, unknown.json()["errors"][0]["field"]) == (422, "topic")
    assert (await owner.client.patch(path, json={"topic": "shoes"})).status_code == 200
    assert await waterfall(shop, made["id"]) == {"topic_declined": 1, "": 1}
    copied = (await owner.client.post(f"{path}/clone")).json()
    assert copied["plan"]["topic"] == "shoes"
    tested = (await owner.client.post(f"{path}/test", json={"contact_ids": [wants, declines]})).json()["items"]
    assert [bool(each["entry_id"]) for each in tested] == [True, False]
    assert "no offers about" in tested[1]["reason"]
    assert (await owner.client.post(f"{path}/start", json={"people": 1})).status_code == 200
    done = await counted(owner, made["id"], "done")
    assert done["tally"]["sent"] == 1
    assert {each["reason"]: each["count"] for each in done["tally"]["skipped"]} == {"topic_declined": 1}
    table = (await owner.client.get(f"{path}/table")).text
    assert "topic_declined" in table
    why = (await owner.client.get(f"{path}/why", params={"contact_id": declines})).json()["sentence"]
    assert "shoes" in why

    async def on_their_story() -> dict[str, Any] | None:
        page = await shop.get(f"/contacts/{wants}/entries", limit=20)
        return next((each for each in page["items"] if each["campaign"]), None)

    assert (await eventually(on_their_story))["topic"] == "shoes"

    # One message of its own keeps to it as well, and says which topics there are not.
    conversation = await conversations.for_contact(ws, declines, name="Dora Declines")
    for words, topic, status in (("Boots", "boots", 422), ("No shoes", "shoes", 409), ("Bags", "", 202)):
        body = {"content": {"type": "text", "text": words}, "topic": topic, "client_id": str(uuid.uuid4())}
        body |= {"purpose": "marketing", "account_id": shop.accounts["sms"], "address": str(handle)}
        answer = await owner.client.post(f"/api/v1/conversations/{conversation.id}/messages", json=body)
        assert answer.status_code == status, answer.text


async def in_france(shop: Shop, name: str) -> str:
    number = f"+336399801{next(_next):02}"
    await shop.customer(name=name, phone=number)
    ws, address = shop.owner.ws, Address("sms", number)
    made = await contacts.resolve(ws, address, profile=Profile(name=name, language="fr"))
    await agree(shop, made.contact_id, address)
    return made.contact_id


async def sends(shop: Shop, people: list[str], words: str, paid: int) -> list[str]:
    """A broadcast of these words, which costs so many segments; what arrived."""
    made = await draft(
        shop.owner,
        account_id=shop.accounts["sms"],
        audience={"contacts": people},
        variants=[{"wordings": [text(words)]}],
    )
    found = await checked(shop.owner, made["id"])
    assert (found["willing"], sum(line["units"] for line in found["cost"]["by"])) == (len(people), paid)
    await shop.owner.client.post(f"{BROADCASTS}/{made['id']}/start", json={"people": len(people)})
    assert (await counted(shop.owner, made["id"], "done"))["tally"]["sent"] == len(people)
    found = [each["body"]["text"] for each in await shop.ledger(channel="sms", direction="out")]
    return sorted(body for body in found if body.startswith(words))


async def test_how_it_ends_is_said_once_in_a_while_and_always_where_a_country_wants_it(shop: Shop) -> None:
    owner, ws = shop.owner, shop.owner.ws
    ana = await customer(shop, "Ana Footer")
    joao = await customer(shop, "Joao Footer", language="pt-BR")
    lea = await in_france(shop, "Lea Footer")
    words = "First: " + "all coats at half price until Sunday, in every shop and online. " * 2
    longer = words + "See you!"
    assert len(longer) == 143
    ends = {name: f"{longer}\n{footers.WORDS[name]}" for name in ("en", "pt", "fr")}
    # With the line below it a message of 143 letters is two segments, for those in whose language that is long.
    assert await sends(shop, [ana, joao, lea], longer, 6) == sorted(ends.values())

    async def had(contact_id: str) -> bool:
        await placing.settle(ws, [contact_id])
        (sent,) = await pacing.sent_to_each(ws, [[contact_id]])
        return any(each.footer for each in sent)

    assert [await had(each) for each in (ana, joao, lea)] == [True, True, True]
    # Who has read it lately does not read it again, unless their country wants it in every message.
    again = "Again: " + longer[7:]
    found = await sends(shop, [ana, joao, lea], again, 4)
    assert found == sorted([again, again, f"{again}\n{footers.WORDS['fr']}"])
    seen = (await draft(owner, account_id=shop.accounts["sms"], variants=[{"wordings": [text(again)]}]))["id"]
    unknown = (await owner.client.get(f"{BROADCASTS}/{seen}/preview")).json()
    assert (unknown["footer"], unknown["encoding"]["segments"]) == (footers.WORDS["en"], 2)
    known = (await owner.client.get(f"{BROADCASTS}/{seen}/preview", params={"contact_id": ana})).json()
    assert (known["footer"], known["encoding"]["segments"]) == ("", 1)

    # In words of one's own, below every message; a single one is no different. What says it already says it once.
    wrong = await shop.agent.put("/api/v1/pacing", json={"footer": {"words": {"en": "Goodbye"}}})
    assert wrong.status_code == 422
    await settle(shop, footer={"every_days": 0, "words": {"en": "No more? {link}"}})
    await asyncio.sleep(pacing.KEPT_SECONDS)
    _, conversation = await shop.someone("sms")
    contact_id, handle = conversation["contact_id"], conversation["reach"][0]["address"]
    await agree(shop, contact_id, Address.parse(handle))
    said: list[str] = []
    for words in ("Bags at half price", "Hats. STOP ends it"):
        way = {"account_id": shop.accounts["sms"], "address": handle, "purpose": "marketing"}
        said.append((await shop.sends(conversation["id"], {"type": "text", "text": words}, **way))["content"]["text"])
    assert said == [f"Bags at half price\nNo more? {preferences.link(ws, contact_id)}", "Hats. STOP ends it"]
    answer = await shop.sends(
        conversation["id"], {"type": "text", "text": "Yes, we have it"}, **{**way, "purpose": "service"}
    )
    assert answer["content"]["text"] == "Yes, we have it"
    await settle(shop, footer={"channels": []})


async def test_what_carriers_would_not_take_is_said_before_and_refused_at_every_door(shop: Shop) -> None:
    owner = shop.owner
    await settle(shop, footer={"channels": ["sms"]})
    here, there = await customer(shop, "Una States"), await in_france(shop, "Lou France")
    both = {"contacts": [here, there]}
    path = f"/api/v1/accounts/{shop.accounts['sms']}"
    wrong = await owner.client.patch(path, json={"config": {"campaign_id": "12345"}})
    assert wrong.json()["errors"][0]["field"] == "config.campaign_id"
    pending = await owner.client.patch(path, json={"config": {"campaign_state": "pending"}})
    assert pending.status_code == 200, pending.text
    assert "waiting for approval" in pending.json()["health"]["summary"]
    words = [{"wordings": [text("Boots at half price")]}]
    made = await draft(owner, account_id=shop.accounts["sms"], audience=both, variants=words)

    async def steps(*expected: str) -> list[dict[str, Any]] | None:
        """Other processes know of the account's change within seconds."""
        found = (await checked(owner, made["id"]))["steps"]
        return [*found, {}] if tuple(step["reason"] for step in found) == expected else None

    (step, _) = await eventually(lambda: steps("sender_unregistered"))
    assert (step["count"], step["fix_url"]) == (1, "/settings/channels")
    _, conversation = await shop.someone("sms")
    body = {"client_id": str(uuid.uuid4()), "content": {"type": "text", "text": "Hello"}}
    refused = await owner.client.post(f"/api/v1/conversations/{conversation['id']}/messages", json=body)
    assert (refused.status_code, refused.json()["code"]) == (409, "sender_unregistered")
    await owner.client.patch(path, json={"config": {"campaign_state": "approved"}})
    await eventually(steps)
    await owner.client.post(f"{BROADCASTS}/{made['id']}/start", json={"people": 2})
    assert (await counted(owner, made["id"], "done"))["tally"]["sent"] == 2
    await owner.client.patch(path, json={"config": {"campaign_state": ""}})

    # A sender of letters reaches some countries, and nobody can answer it: how it ends is a link.
    config = (await shop.get(f"/accounts/{shop.accounts['sms']}"))["config"]
    account = (await accounts.get(shop.runtime, shop.accounts["sms"])).secrets
    config = {"account_sid": config["account_sid"], "auth_token": account["auth_token"], "sender": "Parley Shop"}
    letters = await shop.post("/accounts", 201, kind="sms", name="Letters", config=config)
    made = await draft(owner, account_id=letters["id"], audience=both, variants=words)
    assert await waterfall(shop, made["id"]) == {"sender_refused": 1, "": 1}
    seen = (await owner.client.get(f"{BROADCASTS}/{made['id']}/preview", params={"contact_id": there})).json()
    assert seen["footer"] == f"Ne plus en recevoir: {preferences.link(owner.ws, there)}"
    assert (await owner.client.delete(f"/api/v1/accounts/{letters['id']}")).status_code == 204
    await settle(shop, footer={"channels": []})


async def test_who_is_asked_again_in_time_stays_and_it_is_seen_through_what_people_came_and_went(shop: Shop) -> None:
    owner, ws = shop.owner, shop.owner.ws
    await settle(shop, footer={"channels": []}, consent_days=365)
    await asyncio.sleep(pacing.KEPT_SECONDS)
    met = [await shop.someone("sms") for _ in range(3)]
    soon = datetime.now(UTC) + timedelta(days=5)
    for _, conversation in met:
        said = {"address": conversation["reach"][0]["address"], "purposes": ["marketing"], "state": "granted"}
        said |= {"way": "paper", "wording": "Yes, offers", "expires_at": soon.isoformat()}
        await shop.post(f"/contacts/{conversation['contact_id']}/consents", 201, **said)
    (stays, talks), (goes, _), (_, silent) = met
    ids = {conversation["contact_id"] for _, conversation in met}
    listed = (await shop.get("/consents/running-out", days=30))["items"]
    (ours,) = [each for each in listed if each["account_id"] == shop.accounts["sms"]]
    assert (ours["count"], ours["exact"], {each["id"] for each in ours["sample"]}) == (3, True, ids)
    assert (await shop.get("/consents/running-out", days=2))["items"][0]["count"] == 0
    agent = await shop.people.join(ws, "agent")
    asking = {"account_id": shop.accounts["sms"], "days": 30}
    assert (await agent.client.post("/api/v1/broadcasts/ask-again", json=asking)).status_code == 403

    made = await shop.post("/broadcasts/ask-again", 201, **asking)
    assert (made["state"], made["plan"]["asks"], len(made["plan"]["variants"][0]["wordings"])) == ("draft", True, 6)
    assert await waterfall(shop, made["id"]) == {"": 3}
    await owner.client.post(f"{BROADCASTS}/{made['id']}/start", json={"people": 3})
    await counted(owner, made["id"], "done")
    await shop.writes("sms", stays["id"], type="text", text="Yes")
    await shop.writes("sms", goes["id"], type="text", text="STOP")

    async def facts(conversation: dict[str, Any], state: str) -> dict[str, Any] | None:
        page = await shop.get(f"/contacts/{conversation['contact_id']}/consents")
        return page["items"][0] if page["items"][0]["state"] == state else None

    async def renewed() -> dict[str, Any] | None:
        found = await facts(talks, "granted")
        return found if found and found["source"] == "asked_again" else None

    agreed = await eventually(renewed)
    assert agreed["wording"] == f"{renewals.QUESTIONS['en']} — Yes"
    assert agreed["proof"]["broadcast"] == made["id"]
    assert agreed["expires_at"][:4] == str((datetime.now(UTC) + timedelta(days=365)).year)
    # Who has not answered gets nothing once it has run out; the same yes to anything else is none.
    row = (await contacts.addresses_of(ws, silent["contact_id"]))[0]
    late = standing.refusal(row.consent, "marketing", shop.accounts["sms"], soon + timedelta(seconds=1))
    assert late is not None
    assert late[0] == "consent_expired"

    async def growth() -> dict[str, Any] | None:
        found = await shop.get("/consents/growth", days=7)
        rows = {(row["source"], row["name"]): (row["gained"], row["lost"]) for row in found["by"]}
        return found if ("keyword", made["name"]) in rows or ("provider", made["name"]) in rows else None

    found = await eventually(growth)
    rows = {row["source"]: row for row in found["by"] if row["channel"] == "sms"}
    assert (rows["paper"]["gained"], found["days"][-1]["gained"], found["lost"]) == (3, 3, 1)
    (lost,) = [row for row in found["by"] if row["lost"]]
    assert (lost["via"], lost["name"]) == (made["id"], made["name"])
    table = list(csv.DictReader(io.StringIO((await owner.client.get("/api/v1/consents/growth.csv?days=7")).text)))
    assert sum(int(line["number"]) for line in table if line["what"] == "lost") == 1
    await settle(shop, footer={"channels": []}, consent_days=0)


async def test_so_many_at_once_are_no_answer_to_anybody(shop: Shop) -> None:
    """As service messages they would need nobody's agreement, as confirmations of a stop they would go against it."""
    never = await customer(shop, "Never asked", agrees=False)
    words = [{"wordings": [text("All lamps half price")]}]
    plan = {"account_id": shop.accounts["sms"], "audience": {"contacts": [never]}, "variants": words}
    made = await draft(shop.owner, **plan, purpose="service")
    await checked(shop.owner, made["id"])
    for step, body in (("start", {"people": 1}), ("submit", {})):
        refused = await shop.agent.post(f"{BROADCASTS}/{made['id']}/{step}", json=body)
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "purpose")
    for path, send in ((BROADCASTS, shop.agent.post), (f"{BROADCASTS}/{made['id']}", shop.agent.patch)):
        refused = await send(path, json={"name": "Still here", "purpose": "stop_confirmation"})
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "purpose")
