"""Mailings: to many people, once each, and everything that became of each is known."""

import itertools
from dataclasses import replace
from datetime import timedelta
from typing import Any

from app.core.addresses import Address
from channels.content import Content, Text
from channels.contract import Purpose
from crm import contacts
from crm.contacts import Profile
from inbox.mailings import mailings
from inbox.mailings.mailing import Batch, Mailing, NewMailing, Recipient
from inbox.timeline import Author
from tests.support.broadcasts import later
from tests.support.shop import Shop, eventually

_numbers = itertools.count(1)


async def people(shop: Shop, count: int) -> list[Recipient]:
    """Contacts with a phone at the sandbox, in the order of a stream."""
    ws, found = shop.owner.ws, []
    for _ in range(count):
        person = await shop.customer()
        address = Address("sms", person["phone"])
        known = await contacts.resolve(ws, address, profile=Profile(name=person["name"]))
        found.append(Recipient(contact_id=known.contact_id, address=str(address), price_minor=2))
    return sorted(found, key=lambda each: each.contact_id)


async def opened(shop: Shop, content: Content | None = None, **more: Any) -> Mailing:
    new: dict[str, Any] = {
        "source": ("test", f"t{next(_numbers)}"),
        "name": "Spring",
        "purpose": Purpose.SERVICE,
        "contents": {"": {"": content or Text(text="The shop is open again")}},
        "author": Author("member", shop.owner.member.id, shop.owner.member.name),
        **more,
    }
    return await mailings.open(shop.owner.ws, NewMailing(**new))


async def ended(shop: Shop, mailing: Mailing) -> Mailing:
    async def done() -> Mailing | None:
        found = await mailings.get(shop.owner.ws, mailing.id)
        return found if found.state == "done" else None

    return await eventually(done)


async def test_everybody_gets_it_once_and_what_became_of_each_is_known(shop: Shop) -> None:
    ws, sender = shop.owner.ws, shop.accounts["sms"]
    who = await people(shop, 4)
    mailing = await opened(shop)
    assert (mailing.state, mailing.reason) == ("paused", "not_started")
    batches = [Batch(seq=seq, recipients=tuple(who[seq::2]), account_id=sender) for seq in (0, 1)]
    assert (await mailings.add(ws, mailing.id, batches)).queued == 4
    # The stream is built again after a crash: it gives the same.
    assert (await mailings.add(ws, mailing.id, batches)).queued == 4
    await mailings.completed(ws, mailing.id, 2)
    await mailings.start(ws, mailing.id, by="Olu")
    await ended(shop, mailing)
    progress = await mailings.progress(ws, mailing.id)
    assert (progress.total, progress.sent, progress.queued, progress.cost_minor) == (4, 4, 0, 8)

    async def delivered() -> bool:
        return (await mailings.progress(ws, mailing.id)).delivered == 4

    await eventually(delivered)
    sent = await shop.ledger(channel="sms", direction="out")
    assert sorted(f"sms:{each['to']}" for each in sent) == sorted(each.address for each in who)
    for each in who:
        outcome = await mailings.outcome(ws, mailing.id, each.contact_id)
        assert outcome is not None
        assert (outcome.state, outcome.address) == ("delivered", each.address)
        assert outcome.times.keys() == {"sent", "delivered"}
    assert await mailings.outcome(ws, mailing.id, "con_nobody") is None


async def test_it_stands_on_the_timeline_before_what_they_answer(shop: Shop) -> None:
    """Told of in the inbox, counted with the mailing, with ticks that move on; a stop is counted, too."""
    ws, sender = shop.owner.ws, shop.accounts["telegram"]
    person, conversation = await shop.someone("telegram")
    stranger = await shop.customer()
    await shop.writes("telegram", stranger["id"], type="start")
    addresses = [conversation["reach"][0]["address"], f"telegram:{stranger['telegram_id']}"]
    who = []
    for address in addresses:
        known = await contacts.resolve(ws, Address.parse(address), profile=Profile(name=f"Q {address}"))
        who.append(Recipient(contact_id=known.contact_id, address=address))
    mailing = await opened(shop, Text(text="Hello {{ contact.first_name | default: 'you' }}, it is spring"))
    await mailings.add(ws, mailing.id, [Batch(seq=0, recipients=tuple(who), account_id=sender, variant="")])
    await mailings.completed(ws, mailing.id, 1)
    await mailings.start(ws, mailing.id)
    await shop.in_ledger("telegram", person["id"], "it is spring")

    async def shown() -> bool:
        # The outcome is recorded a moment after the provider has it.
        return [e["campaign"]["name"] for e in await shop.thread(conversation["id"]) if e["campaign"]] == ["Spring"]

    await eventually(shown)
    await shop.writes("telegram", person["id"], type="text", text="Is the red one there?")
    await shop.entry_where(conversation["id"], lambda e: (e["content"] or {}).get("text") == "Is the red one there?")
    listed = await shop.get(f"/conversations/{conversation['id']}")
    assert listed["campaign"]["id"] == mailing.source[1]
    thread = await shop.thread(conversation["id"])
    assert ["it is spring" in str(e["content"]) for e in thread[-2:]] == [True, False]
    await shop.writes("telegram", person["id"], type="text", text="STOP")

    async def counted() -> bool:
        progress = await mailings.progress(ws, mailing.id)
        return (progress.sent, progress.replied, progress.opted_out) == (2, 1, 1)

    await eventually(counted)
    assert [each.contact_id for each in (await mailings.recipients(ws, mailing.id, state="replied"))[0]] == [
        conversation["contact_id"]
    ]


async def test_the_gate_and_the_guards_hold_for_many(shop: Shop) -> None:
    """Who has not agreed is left out with the reason; the kill switch, a budget and failures stop a mailing."""
    ws, sender = shop.owner.ws, shop.accounts["sms"]
    who = await people(shop, 3)
    advert = await opened(shop, purpose=Purpose.MARKETING)
    added = await mailings.add(ws, advert.id, [Batch(seq=0, recipients=tuple(who), account_id=sender)])
    assert (added.queued, added.skipped) == (0, {"no_consent": 3})
    (outcome,) = (await mailings.recipients(ws, advert.id, state="skipped", reason="no_consent", limit=1))[0]
    assert outcome.reason == "This person has not agreed to marketing messages here."

    dear = await opened(shop, budget_minor=5)
    await mailings.add(ws, dear.id, [Batch(seq=0, recipients=tuple(who), account_id=sender)])
    await mailings.completed(ws, dear.id, 1)
    await mailings.start(ws, dear.id)

    async def stopped() -> bool:
        return (await mailings.get(ws, dear.id)).reason == "The budget is used up."

    await eventually(stopped)
    progress = await mailings.progress(ws, dear.id)
    assert (progress.sent, progress.queued, progress.cost_minor) == (2, 1, 4)
    await mailings.change(ws, dear.id, rate=None, budget_minor=6, guards=dear.guards, priority=dear.priority)
    await mailings.resume(ws, dear.id)
    await ended(shop, dear)
    sent = await shop.ledger(channel="sms", direction="out")
    assert all(sum(f"sms:{each['to']}" == one.address for each in sent) == 1 for one in who)


async def test_who_was_on_the_way_when_it_was_cancelled_does_not_stay_there(shop: Shop) -> None:
    ws = shop.owner.ws
    who = await people(shop, 2)
    mailing = await opened(shop)
    await mailings.add(ws, mailing.id, [Batch(seq=0, recipients=tuple(who), account_id=shop.accounts["sms"])])
    # As a worker leaves it that is killed during the call.
    await ws.db.mailing_work.update({"_id": f"{mailing.code}.0"}, {"$set": {"sending": [0]}})
    await mailings.cancel(ws, mailing.id, reason="Enough")
    progress = await mailings.progress(ws, mailing.id)
    assert (progress.sending, progress.unknown, progress.cancelled) == (1, 0, 1)
    with later(shop, timedelta(minutes=2)):
        progress = await mailings.progress(ws, mailing.id)
        assert (progress.sending, progress.unknown, progress.cancelled) == (0, 1, 1)
        outcome = await mailings.outcome(ws, mailing.id, who[0].contact_id)
        assert outcome is not None
        assert (outcome.state, outcome.code) == ("unknown", "interrupted")


async def test_whoever_ends_it_for_lack_of_people_overrules_nobody(shop: Shop) -> None:
    """Each worker ends what has nobody left, by what it read a moment ago."""
    ws, sender = shop.owner.ws, shop.accounts["sms"]
    mailing = await opened(shop)
    batch = Batch(seq=0, recipients=tuple(await people(shop, 1)), account_id=sender)
    batch = replace(batch, due_at=ws.clock.now() + timedelta(days=1))
    await mailings.add(ws, mailing.id, [batch])
    running = await mailings.start(ws, mailing.id)
    # Somebody was put back to work meanwhile.
    await mailings.finish(ws, running)
    assert (await mailings.get(ws, mailing.id)).state == "running"
    # A report has just stopped it.
    running = await mailings.get(ws, mailing.id)
    await mailings.pause(ws, mailing.id, reason="The account is locked.")
    await mailings.finish(ws, running)
    now = await mailings.get(ws, mailing.id)
    assert (now.state, now.reason) == ("paused", "The account is locked.")
