"""Blocked: stored and seen nowhere, at the provider too where it can; and taken back."""

from typing import Any

from tests.support.shop import Shop, eventually


async def test_a_spammer(shop: Shop) -> None:
    customer, one = await shop.someone("whatsapp")
    path, contact = f"/conversations/{one['id']}", f"/contacts/{one['contact_id']}"
    blocked = await shop.post(f"{contact}/block", reason="spam", note="Third time")
    assert (blocked["block"]["reason"], blocked["block"]["by"]) == ("spam", "Olu Owner")
    now = await shop.get(path)
    assert (now["state"], now["blocked"]) == ("closed", True)
    line = (await shop.thread(one["id"]))[-1]
    assert line["event"] == {
        "name": "contact_blocked",
        "reason": "spam",
        "note": "Third time",
        "providers": {"whatsapp": "done"},
    }
    _, other = await shop.someone("sms")
    await shop.post(f"/contacts/{other['contact_id']}/block", reason="abuse", note="")
    listed = await shop.get("/contacts/blocked", limit=1)
    assert [(row["id"], row["block"]["reason"]) for row in listed["items"]] == [(other["contact_id"], "abuse")]
    after = await shop.get("/contacts/blocked", limit=1, cursor=listed["next_cursor"])
    assert [(row["id"], row["block"]["by"]) for row in after["items"]] == [(one["contact_id"], "Olu Owner")]
    assert after["next_cursor"] is None
    await shop.post(f"/contacts/{other['contact_id']}/unblock")
    assert [row["id"] for row in (await shop.get("/contacts/blocked"))["items"]] == [one["contact_id"]]
    counts = await shop.get("/conversations/counts")

    # What they write is kept, and moves nothing.
    account = f"/_sandbox/accounts/whatsapp/{shop.providers['whatsapp']}"
    known = (await shop.sandbox.get(account)).json()
    await shop.sandbox.put(account, json={**known, "blocked": []})
    await shop.writes("whatsapp", customer["id"], type="text", text="Buy now, is it cheap?")
    await shop.entry_where(one["id"], lambda e: "Buy now" in str(e["content"]))

    async def taken_in() -> Any:
        found = await shop.get(path)
        return found if found["last_number"] > now["last_number"] else None

    after = await eventually(taken_in)
    assert (after["state"], after["unread"], after["last_activity_at"]) == ("closed", 0, now["last_activity_at"])
    assert await shop.get("/conversations/counts") == counts
    refused = await shop.post(f"{path}/reopen", 409)
    assert refused["code"] == "contact_blocked"
    text = {"type": "text", "text": "Hello"}
    client_id = "5f0b7a86-9e5c-4d54-9e8e-0d3f0d0d0d0d"
    assert (await shop.post(f"{path}/messages", 409, client_id=client_id, content=text))["code"] == "contact_blocked"

    # Taken back, the next message opens the conversation.
    assert (await shop.post(f"{contact}/unblock"))["block"] is None
    await shop.writes("whatsapp", customer["id"], type="text", text="Sorry, wrong number?")

    async def open_again() -> Any:
        found = await shop.get(path)
        return found if found["state"] == "open" else None

    assert (await eventually(open_again))["unread"] == 1
    actions = [item["action"] for item in (await shop.get("/audit"))["items"]]
    assert {"contact.blocked", "contact.unblocked"} <= set(actions)


async def test_where_the_provider_cannot(shop: Shop) -> None:
    _, one = await shop.someone("telegram")
    await shop.post(f"/contacts/{one['contact_id']}/block", reason="abuse")
    line = (await shop.thread(one["id"]))[-1]
    assert line["event"]["providers"] == {}
