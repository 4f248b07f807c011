"""Two workspaces: sockets, files, webhooks and jobs of the one give the other nothing. (The routes: tests/web.)"""

import hashlib
import hmac
import uuid
from typing import Any

import httpx
import pytest

from app.core import ids
from app.core.permissions import Permission, Role
from app.core.platform import accounts as account_rows
from app.core.platform import work
from app.core.platform.accounts import AccountRow
from inbox import delivery, files, inbound, media, receipts, templates, timeline
from tests.support.people import Person
from tests.support.shop import Shop
from tests.web.test_agent_socket import headers_of, screen


@pytest.fixture
async def attacker(shop: Shop) -> Person:
    _, person = await shop.people.workspace("Attacker")
    return person


async def everything(shop: Shop) -> dict[str, Any]:
    """What the victim has, without what time alone changes."""
    db, found = shop.runtime.mongo, {}
    for name in ("conversations", "entries", "contacts", "addresses", "consents", "files", "media", "templates"):
        rows = await db[name].find({"workspace_id": shop.owner.ws.id}).to_list()
        found[name] = {row["_id"]: row for row in rows}
    return found


async def picture(shop: Shop) -> tuple[dict[str, Any], dict[str, Any]]:
    """A conversation of the victim with a picture in it."""
    person, conversation = await shop.someone("telegram")
    await shop.writes("telegram", person["id"], type="image", media="photo")
    entry = await shop.entry_where(
        conversation["id"],
        lambda e: (e["content"] or {}).get("type") == "media" and e["content"]["media"]["state"] == "ready",
    )
    return conversation, entry


async def test_files_are_not_served_across(shop: Shop, attacker: Person) -> None:
    _, entry = await picture(shop)
    shown = entry["content"]["media"]
    for url in (shown["url"], shown["thumb_url"]):
        assert (await shop.agent.get(url)).status_code == 200
        assert (await attacker.client.get(url)).status_code == 404
        async with httpx.AsyncClient(base_url=shop.url, timeout=10, trust_env=False) as anybody:
            assert (await anybody.get(url)).status_code == 401
    # A link that the attacker's own workspace signed opens nothing of the victim's.
    theirs = files.signed_url(attacker.ws, shown["file_id"])
    mine = files.signed_url(shop.owner.ws, shown["file_id"])
    async with httpx.AsyncClient(timeout=10, trust_env=False) as anybody:
        assert (await anybody.get(mine)).status_code == 200
        assert (await anybody.get(theirs)).status_code == 404
        assert (await anybody.get(theirs.replace(attacker.ws.id, shop.owner.ws.id))).status_code == 404
        assert (await anybody.get(mine.replace(shop.owner.ws.id, attacker.ws.id))).status_code == 404
        assert (await anybody.get(mine.replace("until=", "until=9"))).status_code == 404


async def test_a_file_of_another_cannot_be_sent(shop: Shop, attacker: Person) -> None:
    _, entry = await picture(shop)
    _, mine = await shop.people.workspace("Third")
    stolen = {"kind": "image", "file_id": entry["content"]["media"]["file_id"]}
    conversation = ids.new("cnv")
    body = {"client_id": str(uuid.uuid4()), "content": {"type": "media", "media": stolen}}
    for client in (attacker.client, mine.client):
        answer = await client.post(f"/api/v1/conversations/{conversation}/messages", json=body)
        assert answer.status_code == 404


async def test_raw_payloads_entries_and_contacts_are_not_shown_across(shop: Shop, attacker: Person) -> None:
    conversation, entry = await picture(shop)
    made = await attacker.client.post("/api/v1/tokens", json={"name": "All", "scopes": list(Permission)})
    token = {"authorization": f"Bearer {made.json()['token']}"}
    paths = [
        f"/entries/{entry['id']}/raw",
        f"/conversations/{conversation['id']}",
        f"/conversations/{conversation['id']}/entries",
        f"/contacts/{conversation['contact_id']}",
        f"/contacts/{conversation['contact_id']}/entries",
        f"/contacts/{conversation['contact_id']}/consents",
        f"/accounts/{shop.accounts['telegram']}",
    ]
    async with httpx.AsyncClient(base_url=f"{shop.url}/api/v1", timeout=10, trust_env=False) as anybody:
        for path in paths:
            assert (await shop.agent.get(f"/api/v1{path}")).status_code == 200, path
            assert (await attacker.client.get(f"/api/v1{path}")).status_code == 404, path
            assert (await anybody.get(path, headers=token)).status_code == 404, path
    listed = (await attacker.client.get("/api/v1/conversations?view=all")).json()
    assert listed["items"] == []
    raw = await shop.get(f"/entries/{entry['id']}/raw")
    account = await shop.runtime.accounts.get(shop.accounts["telegram"])
    assert account.secrets["bot_token"] not in str(raw)


async def test_sockets_and_typing_reach_only_their_own(shop: Shop, attacker: Person) -> None:
    conversation, _ = await picture(shop)
    reach = conversation["reach"][0]
    async with screen(shop.url, headers_of(attacker)) as theirs, screen(shop.url, headers_of(shop.owner)) as mine:
        await theirs.next()
        await mine.next()
        # The attacker types into the victim's conversation: nobody there hears of it, no provider is called.
        way = {"account_id": reach["account_id"], "address": reach["address"]}
        await theirs.say(type="typing", conversation_id=conversation["id"], **way)
        await theirs.say(type="viewing", conversation_id=conversation["id"])
        await theirs.say(type="ping")
        await theirs.until(lambda f: f["type"] == "pong")
        entry = await shop.answers(conversation["id"], "For our own screens")
        await mine.until(lambda f: f["type"] == "entry" and f["data"]["entry"]["id"] == entry["id"])
        signs = ("typing", "presence", "viewing", "viewers")
        assert not [f for f in mine.frames if f["type"] in signs and attacker.member.id in str(f)]
        # Their own signs come back to them, with the id that they made up themselves.
        assert conversation["id"] not in str([f for f in theirs.frames if f["type"] not in signs])


async def test_a_webhook_signed_by_one_brings_nothing_to_the_other(shop: Shop, attacker: Person) -> None:
    """The attacker connects an account with the victim's number id but a secret of their own, and signs with it."""
    person, conversation = await shop.someone("whatsapp")
    genuine = await shop.captured("whatsapp", person["id"], type="text", text="The genuine one")
    await shop.entry_where(conversation["id"], lambda e: (e["content"] or {}).get("text") == "The genuine one")
    victim = await shop.runtime.accounts.get(shop.accounts["whatsapp"])
    row = AccountRow(
        id=ids.new("acc"), workspace_id=attacker.ws.id, kind="whatsapp", name="Copy", address=victim.address,
        config=victim.config, secrets={**victim.secrets, "app_secret": "attackers"},
        created_at=shop.runtime.clock.now(),
    )  # fmt: skip
    await account_rows.insert(shop.runtime.mongo, shop.runtime.keyring, row)
    shop.runtime.accounts.forget()
    body = genuine.body.replace(b"The genuine one", b"The forged one!")
    signature = b"sha256=" + hmac.new(b"attackers", body, hashlib.sha256).hexdigest().encode()
    forged = [(k, signature if k == b"x-hub-signature-256" else v) for k, v in genuine.headers]
    before = await everything(shop)
    for path in (f"/webhooks/whatsapp/{row.id}", "/webhooks/whatsapp", genuine.path):
        answer = await shop.replay(genuine, path=path, headers=forged, body=body)
        assert answer.status_code in (200, 401), path
    # The genuine one, called at the attacker's address or at the shared one, goes to the victim only.
    for path in (f"/webhooks/whatsapp/{row.id}", "/webhooks/whatsapp"):
        await shop.replay(genuine, path=path)
    await shop.writes("whatsapp", person["id"], type="text", text="And on")
    await shop.entry_where(conversation["id"], lambda e: (e["content"] or {}).get("text") == "And on")
    assert "The forged one" not in str(await shop.thread(conversation["id"]))
    theirs = await shop.runtime.mongo.entries.find({"workspace_id": attacker.ws.id}).to_list()
    assert "The genuine one" not in str(theirs)
    assert set(before["entries"]) < set((await everything(shop))["entries"])
    await account_rows.delete(shop.runtime.mongo, attacker.ws.id, row.id)
    shop.runtime.accounts.forget()


async def test_jobs_with_ids_of_another_workspace_touch_nothing(shop: Shop, attacker: Person) -> None:
    """Whatever a job is asked for, it works in the workspace of the row, or in the one that it was given."""
    conversation, entry = await picture(shop)
    await shop.answers(conversation["id"], "Sent by its own")
    await shop.entry_where(
        conversation["id"], lambda e: (e["content"] or {}).get("text") == "Sent by its own" and e["status"] == "sent"
    )
    await delivery.clear_marks(shop.runtime)
    before = await everything(shop)
    row = work.MediaRow(
        id=ids.new("med"), workspace_id=attacker.ws.id, account_id=shop.accounts["telegram"], entry_id=entry["id"],
        source={"file_id": "x"}, due_at=shop.runtime.clock.now(),
    )  # fmt: skip
    await work.add_media(shop.runtime, row)
    await media.fetch(shop.runtime, row.id)
    await delivery.deliver(attacker.ws, conversation["contact_id"])
    await inbound.process(shop.runtime, f"{ids.new('acc')}|{conversation['contact_id']}")
    await receipts.apply(shop.runtime, ids.new("acc"))
    assert await templates.of_account(attacker.ws, shop.accounts["whatsapp"]) == []
    assert await timeline.find(attacker.ws, entry["id"]) is None
    assert await everything(shop) == before


async def test_a_reader_of_contacts_alone_sees_no_threads(shop: Shop) -> None:
    """Inside one workspace, too, each right is asked for by itself."""
    conversation, entry = await picture(shop)
    reader = await shop.people.join(shop.owner.ws, Role.READONLY)
    path = f"/api/v1/conversations/{conversation['id']}/messages"
    body = {"client_id": str(uuid.uuid4()), "content": {"type": "text", "text": "No"}}
    assert (await reader.client.post(path, json=body)).status_code == 403
    assert (await reader.client.post(f"/api/v1/entries/{entry['id']}/resend")).status_code == 403
