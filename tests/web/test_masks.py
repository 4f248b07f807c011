"""
What is hidden from a role is in no byte that it gets: every GET route and the socket are read by somebody who may do
everything but see numbers and email addresses, and searched for them.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.addresses import Address
from app.core.permissions import Mask, Permission
from app.core.runtime import Runtime
from crm import masks
from crm.contacts import ContactAddress
from crm.masks import Masker
from crm.store import contacts as contact_store
from tests.support.people import Person
from tests.support.screens import headers_of, screen
from tests.support.shop import Shop, eventually
from web.api.endpoint import Access
from web.routes import API

PREFIX = "/api/v1"
EMAIL = "petra.hidden@example.org"


@dataclass(frozen=True)
class Scene:
    """A customer known by a number alone, everything that can hang on them, and who may not see the number."""

    masked: Person
    number: str
    customer: str
    conversation: dict[str, Any]
    named: dict[str, str]

    def leaks(self, content: bytes) -> list[str]:
        """The last seven digits, however they are grouped, and the email address."""
        text = content.decode("utf-8", "replace")
        last = r"\D{0,2}".join(self.number[-7:])
        return [*re.findall(f".{{0,60}}{last}", text), *re.findall(f".{{0,60}}{EMAIL}", text)]


@pytest.fixture(scope="module")
async def scene(shop: Shop) -> Scene:
    ws, owner = shop.owner.ws, shop.owner.client
    body = {"name": "Everything but", "permissions": list(Permission), "masks": ["phones", "emails"]}
    role = (await owner.post(f"{PREFIX}/roles", json=body)).json()["id"]
    masked = await shop.people.join(ws, role)
    customer = await shop.customer(name="Petra")
    number = re.sub(r"\D", "", customer["phone"])
    await shop.writes("sms", customer["id"], type="text", text="Where is my kente?")
    label = f"+1 {number[1:4]}-{number[4:7]}-{number[7:]}"
    conversation = await shop.conversation_with(label)
    contact_id, path = conversation["contact_id"], f"/conversations/{conversation['id']}"
    email = Address("email", EMAIL)
    row = ContactAddress(address=email, contact_id=contact_id, verified=True, created_at=ws.clock.now(), username=EMAIL)
    await contact_store.insert_address(ws, row)
    entry = await shop.entry_where(conversation["id"], lambda each: each["direction"] == "in")
    note = {"client_id": str(uuid4()), "text": "Look", "mentions": [masked.member.id]}
    await shop.post(f"{path}/notes", 201, **note)
    await shop.post(f"{path}/assign", member_id=masked.member.id)
    later = {"at": (datetime.now(UTC) + timedelta(days=2)).isoformat(), "client_id": str(uuid4())}
    waits = await shop.post(f"{path}/deferred", 201, content={"type": "text", "text": "Later"}, **later)
    await masked.client.post(f"{PREFIX}{path}/drafts", json={"mode": "reply", "text": "Dear"})
    ticket = await shop.post("/tickets", 201, conversation_id=conversation["id"], title="Kente late")
    incident = await shop.post("/incidents", 201, title="Late", conversation_ids=[conversation["id"]])
    await shop.post(f"/contacts/{contact_id}/block", reason="other")
    await shop.post(f"/contacts/{contact_id}/unblock")
    await shop.agent.get(f"{PREFIX}{path}/transcript/csv")
    return Scene(
        masked,
        number,
        customer["id"],
        conversation,
        {
            "conversation": conversation["id"],
            "contact": contact_id,
            "entry": entry["id"],
            "deferred": waits["id"],
            "ticket": ticket["id"],
            "incident": incident["id"],
            "account": shop.accounts["sms"],
            "member": masked.member.id,
        },
    )


# What a route has to be asked for.
QUERIES: dict[str, list[dict[str, Any]]] = {
    "/search": [{"q": "kente"}, {"q": "petra"}],
    "/search/messages": [{"q": "kente"}],
    "/conversations": [{"view": "all"}, {"view": "mine"}],
    "/tickets": [{"view": "all"}],
    "/reports": [{"first": "2026-01-01", "last": "2026-01-31"}],
    "/reports/csv": [{"first": "2026-01-01", "last": "2026-01-31"}],
    "/reports/episodes": [{"first": "2026-01-01", "last": "2026-01-31"}],
}


async def test_no_get_route_gives_away_a_number(shop: Shop, scene: Scene) -> None:
    read, leaked = 0, []
    for endpoint in API:
        if endpoint.method != "GET" or endpoint.permission is Access.PUBLIC:
            continue
        path = re.sub(r"\{(\w+)_id\}", lambda found: scene.named.get(found[1], "xxx_none"), endpoint.path)
        for query in QUERIES.get(endpoint.path.removeprefix(PREFIX), [{}]):
            answer = await scene.masked.client.get(path, params=query)
            assert answer.status_code < 500, path
            read += answer.status_code == 200
            whole = b"".join(f"{k}: {v}\n".encode() for k, v in answer.headers.items()) + answer.content
            leaked += [f"{path}: {leak}" for leak in scene.leaks(whole)]
    assert not leaked, "\n".join(leaked)
    assert read > 60
    # The very same is there for who may see it.
    assert scene.leaks((await shop.owner.client.get(f"{PREFIX}/conversations", params={"view": "all"})).content)
    assert scene.leaks((await shop.owner.client.get(f"{PREFIX}/audit")).content)
    raw = await scene.masked.client.get(f"{PREFIX}/entries/{scene.named['entry']}/raw")
    assert (raw.status_code, raw.json()["code"]) == (403, "masked")


async def test_who_may_not_see_a_number_answers_it_all_the_same(shop: Shop, scene: Scene) -> None:
    client, path = scene.masked.client, f"{PREFIX}/conversations/{scene.conversation['id']}"
    shown = (await client.get(path)).json()
    reach = next(each for each in shown["reach"] if each["channel"] == "sms")
    assert reach["label"] == f"•••• {scene.number[-4:]}" == shown["contact"]["name"]
    assert reach["address"].startswith(f"sms:•••• {scene.number[-4:]}~")
    body = {"content": {"type": "text", "text": "On its way"}, "account_id": reach["account_id"]}
    sent = await client.post(f"{path}/messages", json={**body, "client_id": str(uuid4()), "address": reach["address"]})
    assert sent.status_code == 202, sent.text
    assert not scene.leaks(sent.content)
    await shop.in_ledger("sms", scene.customer, "On its way")
    late = await client.post(f"{path}/messages", json={**body, "client_id": str(uuid4()), "seen": 0})
    assert (late.status_code, late.json()["code"]) == (409, "newer_messages")
    assert not scene.leaks(late.content)
    assert (await client.get(f"{path}/place", params={"address": reach["address"]})).status_code == 200
    contact = f"{PREFIX}/contacts/{scene.named['contact']}"
    renamed = await client.patch(contact, json={"name": shown["contact"]["name"], "notes": "Likes blue"})
    assert renamed.status_code == 200
    assert scene.number[-4:] in (await shop.owner.client.get(contact)).json()["name"].replace("•", "")
    assert "•" not in (await shop.owner.client.get(contact)).json()["name"], "a mask never becomes a name"


async def test_the_socket_masks_as_well(shop: Shop, scene: Scene) -> None:
    async with screen(shop.url, headers_of(scene.masked)) as opened:
        await opened.until(lambda frame: frame["type"] == "welcome")
        await shop.writes("sms", scene.customer, type="text", text="Hello again")
        told = await opened.until(
            lambda frame: (
                frame["type"] == "entry" and (frame["data"]["entry"]["content"] or {}).get("text") == "Hello again"
            )
        )
        assert told["data"]["conversation"]["contact"]["name"] == f"•••• {scene.number[-4:]}"
        await shop.post(f"/contacts/{scene.named['contact']}/block", reason="spam")
        await shop.post(f"/contacts/{scene.named['contact']}/unblock")
        await opened.until(lambda frame: "unblocked" in repr(frame))
        assert not scene.leaks(repr(opened.frames).encode())


@pytest.mark.parametrize("path", ["/contacts", "/conversations", "/search"])
async def test_nobody_finds_out_a_number_by_looking_for_it(scene: Scene, path: str) -> None:
    async def found(text: str) -> bool:
        view = {"view": "all"} if path == "/conversations" else {}
        answer = await scene.masked.client.get(f"{PREFIX}{path}", params={"q": text, **view})
        assert answer.status_code == 200, answer.text
        return scene.named["contact"] in answer.text

    for part in (scene.number, scene.number[:5], scene.number[1:4], scene.number[1:7], EMAIL[:12]):
        assert not await found(part), part
    assert await found(f"+{scene.number}")
    assert await found(f"+1 {scene.number[1:4]} {scene.number[4:7]} {scene.number[7:]}")
    assert await found(scene.number[-4:]), "what is shown is found"
    assert await found(EMAIL)


async def test_a_view_cannot_ask_for_what_is_hidden(scene: Scene) -> None:
    for value, status in (("202-5", 422), (EMAIL[:6] + "@", 422), ("Petra 2", 201)):
        rule = {"field": "contact_name", "op": "contains", "value": value}
        made = await scene.masked.client.post(f"{PREFIX}/views", json={"name": "Probe", "rule": {"all": [rule]}})
        assert made.status_code == status, made.text


async def test_transcripts_are_named_and_written_without_it(shop: Shop, scene: Scene) -> None:
    for form in ("text", "html", "csv"):
        answer = await scene.masked.client.get(f"{PREFIX}/conversations/{scene.conversation['id']}/transcript/{form}")
        assert not scene.leaks(answer.content + answer.headers["content-disposition"].encode())
        assert scene.number[-4:] in answer.text

    async def audited() -> Any:
        trail = (await shop.owner.client.get(f"{PREFIX}/audit", params={"about": "conversation"})).json()["items"]
        return next((item for item in trail if item["action"] == "conversation.exported"), None)

    assert await eventually(audited)


TEXTS = [
    ("+1 202-556-2000", "•••• 2000"),
    ("12025562000", "•••• 2000"),
    ("Ana (+44 20 7946 0958)", "Ana (•••• 0958)"),
    ("sms:+12025562000", "sms:•••• 2000"),
    ("ana.k@example.org", "a•••@example.org"),
    ("2026-11-22 09:50", "2026-11-22 09:50"),
    ("Order 12345", "Order 12345"),
    ("telegram:4212345678", "telegram:4212345678"),
    ("cnv_01jd1234567890abcdefghijkl", "cnv_01jd1234567890abcdefghijkl"),
]


@pytest.mark.parametrize(("text", "shown"), TEXTS)
def test_a_mask_leaves_what_tells_two_apart(runtime: Runtime, text: str, shown: str) -> None:
    masker = Masker(runtime.workspace("wsp_1"), Mask)
    assert masker.within(text).partition("~")[0] == shown
    assert masker.within(text) == masker.within(text)


@given(number=st.integers(10**7, 10**14), other=st.integers(10**7, 10**14))
def test_two_addresses_have_two_masks_and_each_is_known_again(runtime: Runtime, number: int, other: int) -> None:
    masker = Masker(runtime.workspace("wsp_1"), Mask)
    known = [f"sms:+{number}", f"sms:+{other}", f"whatsapp:+{number}"]
    assert len({masker.within(each) for each in known}) == len(set(known))
    for each in known:
        assert str(number)[-7:] not in masker.within(each) or number == other
        assert masker.unmasked(masker.within(each), known) == each


def test_each_mask_hides_its_own_only() -> None:
    assert masks.number("+1 202-556-2000") == "•••• 2000"
    assert masks.email("ana@example.org") == "a•••@example.org"
