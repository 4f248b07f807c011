"""
What the demo's marketer has ready: prices, people who agreed, a list, a segment and two broadcasts that wait for
somebody to check and start them. Nothing goes by itself.
"""

from collections.abc import Mapping
from contextlib import suppress
from decimal import Decimal
from typing import Any

from app.core.addresses import Address
from app.core.errors import Conflict
from app.core.permissions import SYSTEM
from app.core.runtime import Workspace
from app.demo.accounts import Connected
from app.demo.desk import sit_down
from app.demo.script import BUSINESS, MARKETER
from automations import segments
from crm import consent, contacts, lists
from crm.consent import ConsentFact
from crm.contacts import Profile
from inbox.answering import prices
from inbox.answering.prices import Price

_LIST = "Lamp club"
# Who is on the list; those of the first have agreed, so that the check has something to say about the others.
_AGREED = ("ama", "samira", "leila", "wanjiku")
_ONLY_LISTED = ("diego", "gus")
_WORDING = f"Yes, {BUSINESS} may tell me about new lamps and offers on WhatsApp. I can stop at any time."
_PRICES = {
    "whatsapp": {"utility": "0.004", "marketing": "0.025", "authentication": "0.004"},
    "sms": {"sms": "0.0083", "mms": "0.02"},
}
_FIRST_NAME = '{{ contact.first_name | default: "friend" }}'


async def prepare(
    ws: Workspace,
    connected: Mapping[str, Connected],
    customers: Mapping[str, Mapping[str, Any]],
    *,
    web_url: str,
    password: str,
) -> None:
    """Once: whatever people have made of it since stays. Raises Refused."""
    if any(each.name == _LIST for each in await lists.every(ws)) or not {"whatsapp", "sms"} <= set(connected):
        return
    for kind, amounts in _PRICES.items():
        account_id = connected[kind].row.id
        if not (await prices.of_account(ws, account_id)).revision:
            wanted = [Price("*", category, Decimal(amount), "USD") for category, amount in amounts.items()]
            await prices.save(ws, SYSTEM, account_id, wanted, 0)
    members = [await _contact(ws, customers[key]) for key in (*_AGREED, *_ONLY_LISTED)]
    for key, contact_id in zip(_AGREED, members, strict=False):
        await _agrees(ws, contact_id, Address("whatsapp", customers[key]["phone"]))
    with suppress(Conflict):
        rule = {"field": "consent.whatsapp.marketing", "op": "is", "value": "granted"}
        await segments.create(ws, SYSTEM, name="Wants offers on WhatsApp", rule=rule)
    club = await lists.create(ws, _LIST)
    await segments.put_on_list(ws, members, club.id)
    desk = await sit_down(web_url, MARKETER.email, password)
    for plan in _plans(club.id, {kind: each.row.id for kind, each in connected.items()}):
        await desk.post("/broadcasts", plan)
    await desk.leave()


async def _contact(ws: Workspace, customer: Mapping[str, Any]) -> str:
    """The one who has written, or else writes later."""
    found = await contacts.resolve(
        ws,
        Address("whatsapp", customer["phone"]),
        profile=Profile(name=customer["name"], language=customer.get("language")),
    )
    return found.contact_id


async def _agrees(ws: Workspace, contact_id: str, address: Address) -> None:
    fact = ConsentFact(
        contact_id=contact_id,
        address=address,
        purposes=("marketing",),
        state="granted",
        source="form",
        evidence=f"demo-form-{address}",
        at=ws.clock.now(),
        wording=_WORDING,
    )
    await consent.record(ws, fact)


def _plans(club: str, accounts: Mapping[str, str]) -> list[dict[str, Any]]:
    welcome = {
        "type": "template",
        "name": "welcome_named",
        "language": "en",
        "parameters": {"body": {"first_name": _FIRST_NAME, "code": "LAMP10"}},
    }
    hours = {
        "type": "text",
        "text": f"Hello {_FIRST_NAME}, we are closed on Monday for stocktaking and back on Tuesday at 9. {BUSINESS}",
    }
    return [
        {
            "name": "A code for the lamp club",
            "purpose": "marketing",
            "account_id": accounts["whatsapp"],
            "audience": {"lists": [club]},
            "variants": [{"wordings": [{"language": None, "content": welcome}]}],
        },
        {
            "name": "Closed on Monday",
            "purpose": "transactional",
            "account_id": accounts["sms"],
            "audience": {"everyone": True},
            "variants": [{"wordings": [{"language": None, "content": hours}]}],
        },
    ]
