"""A customer writes on each channel, an agent answers, and the ticks come back: through sandbox, web and worker."""

import uuid

import pytest

from tests.support.shop import Shop, eventually

CHANNELS = ["whatsapp", "sms", "telegram"]


async def _greets(shop: Shop, channel: str, name: str) -> tuple[str, dict[str, object]]:
    """A new customer writes hello; the customer's id and the conversation."""
    person = await shop.customer(name=name)
    if channel == "telegram":
        await shop.writes(channel, person["id"], type="start")
    await shop.writes(channel, person["id"], type="text", text="Hello, is the tent in stock?")
    return person["id"], await shop.conversation_with(name if channel != "sms" else person["phone"])


@pytest.mark.parametrize("channel", CHANNELS)
async def test_text_in_and_answer_out(shop: Shop, channel: str) -> None:
    person = await shop.customer(name=f"Mira {channel}")
    if channel == "telegram":
        await shop.writes(channel, person["id"], type="start")
    await shop.writes(channel, person["id"], type="text", text="Hello, is the tent in stock?")

    async def look() -> dict | None:
        listed = await shop.get("/conversations", view="open", limit=200)
        return next(
            (c for c in listed["items"] if c["last_entry"]["text"].startswith("Hello, is the tent") and c["reach"][0]["channel"] == channel),
            None,
        )

    conversation = await eventually(look)
    assert conversation["unread"] >= 1
    sent = await shop.post(
        f"/conversations/{conversation['id']}/messages",
        202,
        client_id=str(uuid.uuid4()),
        content={"type": "text", "text": "Yes, three left."},
    )
    entry_id = sent["entries"][0]["id"]
    wanted = {"whatsapp": "delivered", "sms": "delivered", "telegram": "sent"}[channel]
    done = await shop.entry_where(
        conversation["id"], lambda e: e["id"] == entry_id and wanted in e["status_times"]
    )
    assert done["status"] in (wanted, "read")
    ledger = await shop.ledger(channel=channel, direction="out")
    assert any("three left" in str(item) for item in ledger)
