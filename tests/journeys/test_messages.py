"""A customer writes on each channel, an agent answers, and the ticks come back: through sandbox, web and worker."""

import uuid
from typing import Any

import pytest

from tests.support.shop import Shop, eventually

# The furthest that each provider reports without the customer opening the chat.
REPORTED = {"whatsapp": "delivered", "sms": "delivered", "telegram": "sent"}


@pytest.mark.parametrize("channel", list(REPORTED))
async def test_text_in_and_answer_out(shop: Shop, channel: str) -> None:
    person = await shop.customer(name=f"Mira {channel}")
    question, answer = f"Is the tent in stock? {person['id']}", f"Yes, three left. {person['id']}"
    if channel == "telegram":
        await shop.writes(channel, person["id"], type="start")
    await shop.writes(channel, person["id"], type="text", text=question)

    async def asked() -> dict[str, Any] | None:
        listed = await shop.get("/conversations", view="open", limit=200)
        return next((c for c in listed["items"] if c["last_entry"]["text"] == question), None)

    conversation = await eventually(asked)
    assert conversation["unread"] >= 1
    assert conversation["reach"][0]["channel"] == channel
    body = {"client_id": str(uuid.uuid4()), "content": {"type": "text", "text": answer}}
    sent = await shop.post(f"/conversations/{conversation['id']}/messages", 202, **body)
    entry_id = sent["entries"][0]["id"]

    wanted = REPORTED[channel]
    done = await shop.entry_where(conversation["id"], lambda e: e["id"] == entry_id and wanted in e["status_times"])
    assert done["status"] in (wanted, "read")
    ledger = await shop.ledger(channel=channel, customer=person["id"], direction="out")
    assert [item["body"]["text"] for item in ledger] == [answer]
    again = await shop.post(f"/conversations/{conversation['id']}/messages", 202, **body)
    assert again["entries"][0]["id"] == entry_id
