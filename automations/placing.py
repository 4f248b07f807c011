"""
Where one message of a broadcast goes for each of some people: to which handle, in which words, or why to nobody.

The same code works out the preview of a check and the batches of a run, so that what was shown is what is sent. What a
person or the business has settled about messages is not asked here but by the gate (crm/gate.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from app.core import addresses
from app.core.addresses import Address
from app.core.errors import Conflict, FieldError, Invalid, NotFound
from app.core.runtime import Workspace
from automations import audiences, habits, plans, schedules
from automations.plans import Exclusion, Plan, Schedule, Wording
from channels import accounts, registry
from channels.content import Content, Template, Text
from channels.contract import ChannelAccount, KnowsRegistration
from crm import contacts, fields, gate, pacing, resting, standing
from crm.contacts import Contact, ContactAddress
from crm.store import contacts as contact_store
from inbox import footers, outbox, personalising, templates
from inbox.footers import Reader
from inbox.personalising import Compiled


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One wording, checked by the channel and read: `key` is its language as mailings name it."""

    key: str
    content: Content
    compiled: Compiled
    category: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """An account and all it says, by variant; `advertises`: the provider has approved some of it as marketing."""

    account: ChannelAccount
    said: Mapping[str, tuple[tuple[Wording, Said], ...]]
    advertises: bool

    @property
    def needs(self) -> frozenset[str]:
        return frozenset().union(*(said.compiled.needs for pairs in self.said.values() for _, said in pairs))

    def words(self, variant: str, language: str | None) -> Said | None:
        pairs = self.said[variant]
        chosen = plans.wording_for([wording for wording, _ in pairs], language)
        return next((said for wording, said in pairs if wording is chosen), None)

    @property
    def contents(self) -> dict[str, dict[str, Content]]:
        """As mailings take them."""
        return {key: {said.key: said.content for _, said in pairs} for key, pairs in self.said.items()}


async def require(ws: Workspace, plan: Plan) -> None:
    """
    All that it says can be said where it goes, fallbacks too, on days that there are. Raises Invalid (naming the
    field), Conflict.
    """
    if plan.schedule.relative is not None:
        own = (await fields.get(ws)).field(plan.schedule.relative.field)
        if own is None or own.kind not in ("date", "datetime"):
            raise Invalid.field("schedule.relative.field", "There is no such date among the fields of contacts.")
    laid = await layout(ws, plan)
    receipts = registry.adapter(laid.account.kind).capabilities(laid.account).receipts
    metric = plan.experiment.metric if plan.experiment is not None else None
    if (metric == "read" and receipts != "read") or (metric == "delivered" and receipts == "sent"):
        untold = "who has read a message" if metric == "read" else "what was delivered"
        words = f"This channel does not tell {untold}, so it cannot decide which variant is better: choose another."
        raise Invalid.field("experiment.metric", words)
    for number in range(len(plan.fallbacks)):
        await fallback_layout(ws, plan, number)


async def layout(ws: Workspace, plan: Plan) -> Layout:
    """Raises Invalid (naming the field), Conflict (the account is switched off)."""
    await pacing.require_topic(ws, plan.topic)
    wordings = {variant.key: (f"variants.{at}", variant.wordings) for at, variant in enumerate(plan.variants)}
    return await _layout(ws, plan.account_id, "account_id", wordings)


async def fallback_layout(ws: Workspace, plan: Plan, number: int) -> Layout:
    """Of the fallback of this number; it has one variant, "". Raises Invalid, Conflict."""
    fallback = plan.fallbacks[number]
    at = f"fallbacks.{number}"
    return await _layout(ws, fallback.account_id, f"{at}.account_id", {"": (at, fallback.wordings)})


async def _layout(
    ws: Workspace, account_id: str | None, field: str, wordings: Mapping[str, tuple[str, Sequence[Wording]]]
) -> Layout:
    if account_id is None:
        raise Invalid.field(field, "Choose from which number, sender or bot it goes.")
    try:
        row = await accounts.row_of(ws, account_id)
    except NotFound as error:
        raise Invalid.field(field, error.detail) from None
    if not row.enabled:
        raise Conflict(f"“{row.name}” is switched off in the settings.", code="account_disabled")
    account = accounts.channel_account(row)
    found: dict[str, tuple[tuple[Wording, Said], ...]] = {}
    advertises = False
    for variant, (path, said) in wordings.items():
        if not said:
            raise Invalid.field(f"{path}.wordings", "Write the message.")
        pairs = [(each, await _said(ws, account, each, f"{path}.wordings.{at}")) for at, each in enumerate(said)]
        advertises |= any((each.category or "").upper() == "MARKETING" for _, each in pairs)
        found[variant] = tuple(pairs)
    return Layout(account=account, said=found, advertises=advertises)


async def _said(ws: Workspace, account: ChannelAccount, wording: Wording, path: str) -> Said:
    capabilities = registry.adapter(account.kind).capabilities(account)
    content = wording.content
    try:
        if capabilities.window_hours is not None and not isinstance(content, Template):
            raise Invalid.field("content", "People who have not written lately get only approved templates here.")
        if isinstance(content, Text) and not content.text.strip():
            raise Invalid.field("content.text", "Write the message.")
        ready = await outbox.prepared(ws, account, content)
        compiled = personalising.compiled(ready)
    except Invalid as error:
        named = tuple(FieldError(f"{path}.{each.field}", each.message) for each in error.errors)
        raise Invalid(error.detail, errors=named or (FieldError(path, error.detail),)) from None
    kept = (
        await templates.find(ws, account.id, content.name, content.language) if isinstance(content, Template) else None
    )
    return Said(
        key=wording.language or "",
        content=ready,
        compiled=compiled,
        category=kept.template.category if kept else None,
    )


# --- people -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Placing:
    """
    One person: `reason` says why they get nothing (a code of reasons.py), `detail` in words what exactly. `contact` is
    None for somebody who is no more; `missing` are variables without a value. `footer` is the line that says how it
    ends; it is in the content.
    """

    contact_id: str
    contact: Contact | None = None
    reason: str = ""
    detail: str = ""
    address: Address | None = None
    variant: str = ""
    said: Said | None = None
    content: Content | None = None
    missing: tuple[str, ...] = ()
    footer: str = ""
    due_at: datetime | None = None


async def of(
    ws: Workspace,
    laid: Layout,
    variants: Mapping[str, str],
    *,
    purpose: str,
    exclude: Exclusion,
    schedule: Schedule,
) -> list[Placing]:
    """Of these people (by id, with the variant each gets), in the order given; a few reads for all of them."""
    ids = list(variants)
    people = await contacts.get_many(ws, ids)
    handles = await contact_store.addresses_of_contacts(ws, ids)
    known = list(people.values())
    out = await audiences.excluded(ws, exclude, known)
    facts = await personalising.facts(ws, known, laid.needs)
    now = ws.clock.now()
    zone = (await pacing.settled(ws)).pacing.quiet.zone
    there = await habits.times(ws, ids) if schedule.kind == "best" else {}
    found: list[Placing] = []
    for contact_id, variant in variants.items():
        contact = people.get(contact_id)
        reason, detail = _gone(contact, out)
        row = _handle(handles.get(contact_id, ()), laid.account, purpose, now) if contact else None
        address = row.address if row else None
        if not reason and row is None:
            reason, detail = "no_address", f"They have no handle for {laid.account.name}."
        elif not reason and row is not None and (rests := _rests(row, purpose, now)):
            reason, detail = "resting", rests
        if reason or contact is None or address is None:
            found.append(Placing(contact_id=contact_id, contact=contact, reason=reason, detail=detail, address=address))
            continue
        said = laid.words(variant, contact.language)
        placed = Placing(
            contact_id=contact_id,
            contact=contact,
            address=address,
            variant=variant,
            said=said,
            due_at=due(schedule, address, contact, zone, now, there),
        )
        found.append(_written(placed, facts.get(contact_id, {})))
    return [_registered(laid, _fitting(laid, each)) for each in await _footed(ws, laid, purpose, found)]


async def of_one(ws: Workspace, laid: Layout, variant: str, contact: Contact | None, purpose: str) -> Placing:
    """As it will be for this person, or without any values for nobody; for previews, which refuse nothing."""
    said = laid.words(variant, contact.language if contact else None) or laid.said[variant][0][1]
    people = [contact] if contact else []
    facts = await personalising.facts(ws, people, said.compiled.needs)
    filled = said.compiled.fill(facts[contact.id] if contact else {})
    handles = await contacts.addresses_of(ws, contact.id) if contact else []
    handle = _handle(handles, laid.account, purpose, ws.clock.now())
    placed = Placing(
        contact_id=contact.id if contact else "",
        contact=contact,
        address=handle.address if handle else None,
        variant=variant,
        said=said,
        content=filled.content,
        missing=filled.missing,
    )
    return (await _footed(ws, laid, purpose, [placed]))[0]


async def _footed(ws: Workspace, laid: Layout, purpose: str, placed: Sequence[Placing]) -> list[Placing]:
    """With the line below it that says how it ends, for those to whom it has to be said."""
    now = ws.clock.now()
    readers = {
        at: Reader(
            contact=each.contact,
            address=each.address,
            content=each.content,
            language=each.said.key if each.said else "",
            at=each.due_at or now,
        )
        for at, each in enumerate(placed)
        if each.content is not None
    }
    found = list(placed)
    lines = await footers.due(ws, laid.account, purpose, list(readers.values()))
    for (at, reader), line in zip(readers.items(), lines, strict=True):
        if line:
            found[at] = replace(found[at], content=footers.added(reader.content, line), footer=line)
    return found


def _fitting(laid: Layout, placed: Placing) -> Placing:
    """Without a message where it would have to go in several: of a broadcast everybody gets one."""
    if not isinstance(placed.content, Text):
        return placed
    chars, most = (
        len(placed.content.text),
        registry.adapter(laid.account.kind).capabilities(laid.account).max_text_chars,
    )
    if chars <= most:
        return placed
    detail = f"The text has {chars:,} characters; {laid.account.name} takes {most:,} in a message."
    return replace(placed, reason="too_long", detail=detail, content=None)


def _registered(laid: Layout, placed: Placing) -> Placing:
    """Without a message where carriers of this person's country are known to refuse it."""
    adapter = registry.adapter(laid.account.kind)
    if not isinstance(adapter, KnowsRegistration) or placed.content is None or placed.address is None:
        return placed
    found = adapter.unregistered(laid.account, addresses.country_of(placed.address), placed.content)
    return replace(placed, reason=found.code, detail=found.words, content=None) if found else placed


def pieces(laid: Layout, placed: Placing) -> list[Content]:
    """What goes one after another: text longer than the channel takes is several messages."""
    capabilities = registry.adapter(laid.account.kind).capabilities(laid.account)
    return list(outbox.parts(placed.content, capabilities)) if placed.content else []


def _gone(contact: Contact | None, out: Mapping[str, str]) -> tuple[str, str]:
    if contact is None or contact.erased_at is not None:
        return "erased", "This contact is no more."
    if contact.merged_into is not None:
        return "merged", "They were merged into another contact, which is asked for itself."
    if contact.block is not None:
        return "contact_blocked", "A colleague has blocked this contact."
    if contact.id in out:
        return "excluded", out[contact.id]
    return "", ""


def _written(placed: Placing, facts: Mapping[str, str]) -> Placing:
    said = placed.said
    values = {name: getattr(placed, name) for name in Placing.__slots__}
    if said is None:
        language = placed.contact.language if placed.contact else None
        return Placing(**{**values, "reason": "no_wording", "detail": f"There are no words in {language}."})
    try:
        filled = said.compiled.fill(facts)
    except Invalid as error:
        return Placing(**{**values, "reason": "missing_variable", "detail": error.detail})
    if filled.missing:
        detail = f"Not known of them: {', '.join(filled.missing)}."
        return Placing(**{**values, "reason": "missing_variable", "detail": detail, "missing": filled.missing})
    return Placing(**{**values, "content": filled.content})


def _handle(
    rows: Sequence[ContactAddress], account: ChannelAccount, purpose: str, now: datetime
) -> ContactAddress | None:
    """
    Of their handles on this channel one that nothing is said against and where they could be reached, then a verified
    one, then the newest.
    """
    ours = [row for row in rows if row.address.kind == account.kind]
    if not ours:
        return None

    def rank(row: ContactAddress) -> tuple[bool, bool, bool, datetime]:
        refused = standing.refusal(row.consent, purpose, account.id, now) is not None
        return not refused, not _rests(row, purpose, now), row.verified, row.created_at

    return max(ours, key=rank)


def _rests(row: ContactAddress, purpose: str, now: datetime) -> str | None:
    return resting.refusal(row, now) if purpose == gate.MARKETING else None


def due(
    schedule: Schedule,
    address: Address,
    contact: Contact,
    fallback: str,
    now: datetime,
    there: Mapping[str, Sequence[datetime]],
) -> datetime | None:
    """When it is this person's time; None: at once. `there` is when people were there lately."""
    if schedule.kind not in ("local", "best") or schedule.wall is None:
        return None
    _, zones = pacing.where(address, contact.zone, fallback, now)
    if schedule.kind == "best":
        at = habits.due(schedule, there, contact.id, zones[0])
    else:
        at = schedules.instant(datetime.fromisoformat(schedule.wall), zones[0])
    return at if at is not None and at > now else None
