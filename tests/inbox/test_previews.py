"""What the composer shows is what goes out: the same words to the provider, and a price that nobody made up."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.addresses import Address
from app.core.permissions import Role
from channels import registry
from channels.content import Button, Buttons, Content, List, Row, Section, Text
from channels.contract import ChannelAccount, Charge, OutboundMessage, Previews, Purpose
from channels.sms import capabilities, payloads
from channels.whatsapp import rendering
from inbox.answering.prices import Price, PriceList, cost
from tests.support.shop import Shop, eventually

# A little longer than one message, on each channel.
LONG = {"whatsapp": 4_200, "sms": 1_700, "telegram": 4_200}
TEXTS = ["*Bold* and _soft_\n\nSmart ‘quotes’ — and 😀"]
CHOICE = {
    "type": "buttons", "text": "Which *one*?", "header": "Tents", "footer": "Today only",
    "buttons": [{"id": "a", "title": "Red"}, {"id": "b", "title": "Blue"}],
}  # fmt: skip
SENT = [
    *((channel, {"type": "text", "text": text}) for channel in LONG for text in TEXTS),
    *((channel, {"type": "text", "text": "Sentences. " * (chars // 11)}) for channel, chars in LONG.items()),
    *((channel, CHOICE) for channel in LONG),
]


@pytest.mark.parametrize("channel", ["whatsapp", "sms", "telegram"])
async def test_the_preview_is_what_the_provider_gets(shop: Shop, channel: str) -> None:
    person, conversation = await shop.someone(channel)
    contents = [content for kind, content in SENT if kind == channel]
    path = f"/conversations/{conversation['id']}"
    seen = await shop.post(f"{path}/preview", contents=contents)
    assert (seen["channel"], seen["window_open"]) == (channel, True)
    expected = [part["text"] for part in seen["parts"]]
    assert len(expected) > len(contents)
    for content in contents:
        await shop.sends(conversation["id"], content)

    async def look() -> list[dict[str, Any]] | None:
        sent = await shop.ledger(channel=channel, customer=person["id"], direction="out")
        return sent if len(sent) >= len(expected) else None

    sent = await eventually(look)
    assert [item["body"]["text"] for item in sent] == expected
    if channel == "sms":
        assert seen["encoding"]["encoding"] == "UCS-2"
        assert seen["encoding"]["segments"] == seen["costs"][0]["units"]
    # Nothing was stored by looking.
    out = [entry for entry in await shop.thread(conversation["id"]) if entry["direction"] == "out"]
    assert len(out) == len(expected)


async def test_the_price_is_that_of_the_owners_list(shop: Shop) -> None:
    path = f"/accounts/{shop.accounts['sms']}/prices"
    known = await shop.get(path)
    assert [(c["key"], c["unit"]) for c in known["categories"]] == [("sms", "segment"), ("mms", "message")]
    _, conversation = await shop.someone("sms")
    ask = {"contents": [{"type": "text", "text": "a" * 161}]}
    (unknown,) = (await shop.post(f"/conversations/{conversation['id']}/preview", **ask))["costs"]
    assert (unknown["units"], unknown["country"], unknown["amount"], unknown["currency"]) == (2, "US", None, None)

    line = {"country": "US", "category": "sms", "amount": "0.0079", "currency": "USD"}
    lines = [line, {**line, "country": "*", "amount": "0.05"}]
    saved = await shop.agent.put(f"/api/v1{path}", json={"prices": lines, "revision": known["revision"]})
    assert saved.status_code == 200, saved.text
    (priced,) = (await shop.post(f"/conversations/{conversation['id']}/preview", **ask))["costs"]
    assert (priced["each"], priced["amount"], priced["currency"]) == ("0.0079", "0.0158", "USD")

    late = await shop.agent.put(f"/api/v1{path}", json={"prices": [], "revision": known["revision"]})
    assert (late.status_code, late.json()["changed"][0]["name"]) == (409, shop.owner.member.name)
    for wrong in ({"category": "fax"}, {"amount": "-1"}, {"country": "gh"}, {"currency": "$"}):
        bad = {"prices": [{**line, **wrong}], "revision": saved.json()["revision"]}
        assert (await shop.agent.put(f"/api/v1{path}", json=bad)).status_code == 422
    twice = {"prices": [line, line], "revision": saved.json()["revision"]}
    assert (await shop.agent.put(f"/api/v1{path}", json=twice)).status_code == 422
    agent = await shop.people.join(shop.owner.ws, Role.AGENT)
    assert (await agent.client.get(f"/api/v1{path}")).status_code == 200
    assert (await agent.client.put(f"/api/v1{path}", json=twice)).status_code == 403


async def test_whatsapp_says_what_is_charged_and_what_is_free(shop: Shop) -> None:
    await shop.post(f"/accounts/{shop.accounts['whatsapp']}/templates/sync")
    _, conversation = await shop.someone("whatsapp")
    path = f"/conversations/{conversation['id']}/preview"
    (answer,) = (await shop.post(path, contents=[{"type": "text", "text": "Yes"}]))["costs"]
    assert (answer["category"], answer["free_a_month"], answer["amount"]) == ("service", 1000, None)
    template = {"type": "template", "name": "reply_ready", "language": "en_US", "parameters": {"body": {}}}
    templates = (await shop.get("/templates", account_id=shop.accounts["whatsapp"]))["items"]
    known = next(t for t in templates if t["name"] == "reply_ready")
    template["parameters"] = {"body": {v["key"]: "Ana" for v in known["variables"] if v["where"] == "body"}}
    seen = await shop.post(path, contents=[template])
    assert (seen["costs"][0]["category"], seen["costs"][0]["free_a_month"]) == ("utility", 0)
    assert seen["parts"][0]["text"]
    # What the gate refuses is refused here, too.
    refused = await shop.agent.post(
        f"/api/v1{path}", json={"contents": [{"type": "text", "text": "Hi"}], "address": "whatsapp:+12025550199",
                                "account_id": shop.accounts["whatsapp"]},
    )  # fmt: skip
    assert refused.status_code == 409
    _, chat = await shop.someone("telegram")
    free = await shop.post(f"/conversations/{chat['id']}/preview", contents=[{"type": "text", "text": "Yes"}])
    assert free["costs"] == []


LISTED = PriceList(
    "acc",
    (
        Price("GH", "utility", Decimal("0.02"), "USD"),
        Price("*", "utility", Decimal("0.04"), "USD"),
        Price("GH", "marketing", Decimal("0.1"), "USD"),
    ),
)
COSTS: Sequence[tuple[Charge, str | None, str | None]] = [
    (Charge("utility", "utility", 1), "GH", "0.02"),
    (Charge("utility", "utility", 3), "GH", "0.06"),
    (Charge("service", "utility", 1, free_a_month=1000), "GH", "0.02"),
    (Charge("utility", "utility", 1), "FR", "0.04"),
    (Charge("utility", "utility", 1), None, "0.04"),
    (Charge("marketing", "marketing", 1), "FR", None),
    (Charge("authentication", "authentication", 1), "GH", None),
]


@pytest.mark.parametrize(("charge", "country", "amount"), COSTS)
def test_what_is_not_on_the_list_has_no_price(charge: Charge, country: str | None, amount: str | None) -> None:
    found = cost(LISTED, "whatsapp", [charge], country)
    assert found is not None
    assert found.amount == (Decimal(amount) if amount else None)


SMS = ChannelAccount("acc_1", "wsp_1", "sms", "Shop", "+12025550100", config={"sender": "+12025550100"})
SAID = st.text(min_size=1, max_size=300)
BUTTONS = st.builds(
    lambda text, titles: Buttons(text=text, buttons=tuple(Button(id=f"b{n}", title=t) for n, t in enumerate(titles))),
    SAID,
    st.lists(st.text(min_size=1, max_size=20), min_size=1, max_size=3),
)
LISTS = st.builds(
    lambda text, title: List(text=text, button="Menu", sections=(Section(rows=(Row(id="r", title=title),)),)),
    SAID,
    st.text(min_size=1, max_size=24),
)


@given(st.one_of(st.builds(lambda text: Text(text=text), SAID), BUTTONS, LISTS))
def test_whatever_is_written_is_shown_as_it_is_sent(content: Content) -> None:
    to = Address.parse("whatsapp:+12025550111")
    out = OutboundMessage(id="ent_1", to=to, purpose=Purpose.SERVICE, content=content)
    body = rendering.message(out, None)
    said = body["text"]["body"] if "text" in body else body["interactive"]["body"]["text"]
    assert rendering.shown(content).text == said
    adapter = registry.adapter("sms")
    assert isinstance(adapter, Previews)
    fields = payloads.outbound(SMS, out, capabilities.of(SMS), "")
    assert adapter.shown(SMS, content).text == fields["body"]
