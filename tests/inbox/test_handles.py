"""Files with the provider: one upload for an agent's messages and for a mailing's, and anew when its id is refused."""

import io
from typing import Any

import pytest
from PIL import Image

from channels.content import Content, MediaMessage
from channels.contract import MediaHandle
from inbox import files, handles
from inbox.mailings import mailings
from inbox.mailings.mailing import Batch, Recipient
from inbox.store import handles as store
from tests.inbox.test_mailings import ended, opened
from tests.support.shop import Shop, eventually

Sent = dict[str, Any]


async def in_a_mailing(shop: Shop, channel: str, content: Content, to: list[Recipient]) -> None:
    ws = shop.owner.ws
    mailing = await opened(shop, content)
    await mailings.add(ws, mailing.id, [Batch(seq=0, recipients=tuple(to), account_id=shop.accounts[channel])])
    await mailings.completed(ws, mailing.id, 1)
    await mailings.start(ws, mailing.id)
    await ended(shop, mailing)


@pytest.mark.parametrize("channel", ["telegram", "whatsapp"])
async def test_a_file_goes_to_the_provider_once(shop: Shop, channel: str) -> None:
    ws = shop.owner.ws
    data = io.BytesIO()
    Image.new("RGB", (320, 240), "red").save(data, "JPEG")
    answer = await shop.agent.post("/api/v1/files", files={"file": ("red.jpg", data.getvalue(), "image/jpeg")})
    file_id = answer.json()["file_id"]
    media = files.as_media(await files.get(ws, file_id))
    row_id = handles._id(shop.accounts[channel], file_id)
    people = [await shop.someone(channel) for _ in range(4)]
    to = [Recipient(contact_id=c["contact_id"], address=c["reach"][0]["address"]) for _, c in people]
    (first, talk), *_ = people

    async def taken(person: Sent, words: str) -> str:
        sent = await shop.in_ledger(channel, person["id"], words)
        return str(sent["body"]["media"][0]["id"])

    async def said(words: str) -> str:
        content = {"type": "media", "media": {"kind": "image", "file_id": file_id}, "caption": words}
        await shop.sends(talk["id"], content)
        return await taken(first, words)

    async def mailed(words: str) -> set[str]:
        await in_a_mailing(shop, channel, MediaMessage(media=media, caption=words), to)
        return {await taken(person, words) for person, _ in people}

    async def kept() -> str | None:
        """Its id with the provider, once that is stored: with some it is told with the first message."""
        found = await store.get(ws, row_id)
        return found.id if found and found.id != "image/photo:AAAAAA" else None

    upload = await said("One")
    await eventually(kept)
    assert await said("Two") == upload
    assert await mailed("Three") == {upload}

    # Of no use any more: an agent's message goes all the same, and the next ones by what was uploaded then.
    await store.put(ws, row_id, MediaHandle("image/photo:AAAAAA"))
    renewed = await said("Four")
    await eventually(kept)
    assert renewed != upload
    assert await said("Five") == renewed
    await store.put(ws, row_id, MediaHandle("image/photo:AAAAAA"))
    anew = await mailed("Six")
    assert not anew & {upload, renewed}
    assert await eventually(kept)
    assert await said("Seven") in anew
