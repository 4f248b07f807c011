"""
Sign-up forms: pages, links and QR codes by which people agree to marketing, with the words that they were shown.

A form is a page on the own domain and, where a channel has such links, a word with which a link opens the person's app:
whoever sends it has agreed from the handle that they agreed for. Every version of a form stays, so that what somebody
saw can be shown for ever.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Annotated
from weakref import WeakKeyDictionary

from pydantic import BaseModel, ConfigDict, Field, StrictBool

from app.core import addresses, audit, days, ids
from app.core.addresses import Address
from app.core.audit import Target
from app.core.errors import AppError, Change, ChangedMeanwhile, Conflict, FieldError, Invalid, NotFound
from app.core.permissions import Actor
from app.core.runtime import Runtime, Workspace
from channels import accounts, registry
from channels.content import Text
from channels.contract import ChannelAccount, GivesSnippet, InboundMessage, OpensWithText, Purpose, WritesByLink
from crm import contacts, fields, keywords, lists, profiles, standing
from crm.contacts import ContactAddress, Profile
from inbox import consents, conversations, outbox
from inbox.conversations import Conversation
from inbox.finding import tags
from inbox.store import signup_days
from inbox.store import signup_forms as store
from inbox.timeline import Author

MOST = 200
SOURCE, BY_WORD, IN_CHAT = "form", "form_word", "widget"
# Channels whose handles are phone numbers, which people can type.
TYPED = ("sms", "whatsapp")
_CONFIRM_WITHIN = timedelta(hours=72)
_KEPT_SECONDS = 2.0
_WORD = re.compile(r"[A-Za-z0-9-]{3,30}")
_URL = re.compile(r"https?://[^\s<>\"]{3,400}|")


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Words(Part):
    """`agree` stands beside the box that nobody ticks for them; `question` is the text message that asks to confirm."""

    title: Annotated[str, Field(min_length=1, max_length=120)]
    intro: Annotated[str, Field(max_length=1_000)] = ""
    agree: Annotated[str, Field(min_length=10, max_length=1_000)]
    question: Annotated[str, Field(max_length=300)] = "Reply YES to get our offers by text message. STOP ends them."
    thanks: Annotated[str, Field(min_length=1, max_length=500)] = "Thank you. You can end this at any time."


class FormSettings(Part):
    """
    `account_ids` are the senders that people agree to. `word` is what an opening link sends, "" for none. `double`:
    what is typed counts only when they have confirmed it themselves. `sites` are origins that may show it in a frame.
    """

    name: Annotated[str, Field(min_length=1, max_length=100, pattern=r"\S")]
    active: StrictBool = True
    account_ids: Annotated[tuple[str, ...], Field(min_length=1, max_length=20)]
    language: Annotated[str, Field(pattern=r"^[a-z]{2}$")] = "en"
    words: Annotated[dict[Annotated[str, Field(pattern=r"^[a-z]{2}$")], Words], Field(min_length=1, max_length=30)]
    word: Annotated[str, Field(max_length=30)] = ""
    double: StrictBool = True
    ask_name: StrictBool = True
    minimum_age: Annotated[int, Field(strict=True, ge=0, le=21)] = 0
    terms_url: Annotated[str, Field(max_length=400)] = ""
    privacy_url: Annotated[str, Field(max_length=400)] = ""
    list_id: str | None = None
    tags: Annotated[tuple[str, ...], Field(max_length=10)] = ()
    # Web chats whose window shows it as well.
    chat_ids: Annotated[tuple[str, ...], Field(max_length=20)] = ()
    sites: Annotated[tuple[Annotated[str, Field(pattern=r"^https?://[^/\s]{1,200}$")], ...], Field(max_length=20)] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SignupForm:
    id: str
    settings: FormSettings
    version: int
    created_at: datetime
    changed_at: datetime
    changed_by: str

    def words_in(self, language: str) -> tuple[str, Words]:
        """In this language, or the form's own."""
        known = self.settings.words
        chosen = language if language in known else self.settings.language
        return chosen, known[chosen]


@dataclass(frozen=True, slots=True)
class Link:
    """Opens the person's app with the form's word; `text` is for a QR code as well."""

    account_id: str
    kind: str
    name: str
    url: str


@dataclass(frozen=True, slots=True)
class Given:
    """What somebody typed."""

    phone: str
    name: str
    language: str


async def every(ws: Workspace) -> list[SignupForm]:
    """The newest first."""
    return await store.every(ws)


async def get(ws: Workspace, form_id: str) -> SignupForm:
    """Raises NotFound."""
    found = await store.get(ws, form_id)
    if found is None:
        raise NotFound("There is no such form.")
    return found


async def create(ws: Workspace, actor: Actor, settings: FormSettings) -> SignupForm:
    """Raises Invalid, Conflict (too many)."""
    if len(await store.every(ws)) >= MOST:
        raise Conflict(f"There may be {MOST} forms.", code="too_many")
    await _check(ws, settings, None)
    now = ws.clock.now()
    form = SignupForm(
        id=ids.new("frm"), settings=settings, version=1, created_at=now, changed_at=now, changed_by=actor.name
    )
    await store.insert(ws, form)
    await audit.record(ws, actor, "signup_form.created", Target("signup_form", form.id, settings.name))
    _forget(ws)
    return form


async def edit(ws: Workspace, actor: Actor, form_id: str, settings: FormSettings, version: int) -> SignupForm:
    """As its next version. Raises NotFound, Invalid, ChangedMeanwhile."""
    now = await get(ws, form_id)
    await _check(ws, settings, form_id)
    wanted = replace(now, settings=settings, version=version + 1, changed_at=ws.clock.now(), changed_by=actor.name)
    if now.version != version or not await store.save(ws, wanted):
        raise ChangedMeanwhile(f"{now.changed_by} has just changed this form. Look at it again.", Change("form"))
    target = Target("signup_form", form_id, settings.name)
    await audit.record(ws, actor, "signup_form.changed", target, {"version": wanted.version})
    _forget(ws)
    return wanted


async def _check(ws: Workspace, settings: FormSettings, form_id: str | None) -> None:
    wrong: list[FieldError] = []
    known = {row.id: row for row in await ws.runtime.accounts.of_workspace(ws.id)}
    wrong += [
        FieldError(f"account_ids.{at}", "There is no such channel account.")
        for at, account_id in enumerate(settings.account_ids)
        if account_id not in known
    ]
    wrong += [
        FieldError(f"chat_ids.{at}", "There is no such web chat.")
        for at, account_id in enumerate(settings.chat_ids)
        if account_id not in known or not isinstance(registry.adapter(known[account_id].kind), GivesSnippet)
    ]
    if settings.language not in settings.words:
        wrong.append(FieldError("words", "The form's own language has no words."))
    for name in ("terms_url", "privacy_url"):
        if not _URL.fullmatch(getattr(settings, name)):
            wrong.append(FieldError(name, "Write it as https://…"))
    if settings.list_id is not None:
        await lists.get(ws, settings.list_id)
    if unknown := set(settings.tags) - {tag.id for tag in await tags.every(ws)}:
        wrong.append(FieldError("tags", f"There is no tag {min(unknown)}."))
    if settings.word:
        taken = {each.settings.word.casefold() for each in await store.every(ws) if each.id != form_id}
        if not _WORD.fullmatch(settings.word):
            wrong.append(FieldError("word", "3 to 30 letters, digits and hyphens."))
        elif _means_something(settings.word):
            wrong.append(FieldError("word", "This word means something else already."))
        elif settings.word.casefold() in taken:
            wrong.append(FieldError("word", "Another form has this word."))
    if wrong:
        raise Invalid(wrong[0].message if len(wrong) == 1 else "Some values are not right.", errors=tuple(wrong))


def _means_something(word: str) -> bool:
    return keywords.keyword(word) is not None or keywords.is_yes(word) or keywords.asks_choices(word)


def url(ws: Workspace, form: SignupForm) -> str:
    return f"{ws.settings.public_url.rstrip('/')}/join/{form.id}"


async def senders(ws: Workspace, form: SignupForm) -> list[ChannelAccount]:
    """The form's accounts that are connected and switched on."""
    rows = [
        row
        for row in await ws.runtime.accounts.of_workspace(ws.id)
        if row.id in form.settings.account_ids and row.enabled
    ]
    return [accounts.channel_account(row) for row in rows]


async def links(ws: Workspace, form: SignupForm) -> list[Link]:
    """Where a channel has such links."""
    found: list[Link] = []
    for account in await senders(ws, form) if form.settings.word else ():
        adapter, opens = registry.adapter(account.kind), None
        if isinstance(adapter, OpensWithText):
            opens = adapter.opening_link(account, form.settings.word)
        elif isinstance(adapter, WritesByLink):
            opens = adapter.writing_link(account, form.settings.word)
        if opens is not None:
            found.append(Link(account.id, account.kind, account.name, opens))
    return found


# --- taking what people say ---------------------------------------------------------------------------------------


async def take(
    ws: Workspace, form: SignupForm, given: Given, proof: Mapping[str, str], source: str = SOURCE
) -> list[Link]:
    """
    Somebody agreed on the page; the links with which they confirm it in an app, where that is needed. Who has said stop
    before has to confirm in any case: a page does not know whose number is typed. Raises Invalid.
    """
    number = addresses.e164(given.phone, (await fields.get(ws)).region)
    if number is None:
        raise Invalid.field("phone", "This is no phone number; write it with its country, as +233…")
    typed = [account for account in await senders(ws, form) if account.kind in TYPED]
    handles = list(dict.fromkeys(Address(account.kind, number) for account in typed))
    if not handles:
        raise Invalid.field("phone", "This form takes no phone numbers.")
    language, words = form.words_in(given.language)
    profile = Profile(name=given.name or None, language=language, verified=False)
    first = await contacts.resolve(ws, handles[0], aliases=handles[1:], profile=profile)
    await _put_on_lists(ws, form, first.contact_id)
    await count(ws, form.id, "sent")
    submission = ids.new("sgn")
    waiting: set[str] = set()
    for account in typed:
        row = await contacts.known(ws, Address(account.kind, number))
        if row is None:
            continue
        stopped = standing.overall(row.consent, "marketing", ws.clock.now()) in ("withdrawn", "blocked", "held")
        told = _told(form, row, language, words, evidence=submission, at=ws.clock.now(), source=source, proof=proof)
        if not form.settings.double and not stopped:
            await consents.tell(ws, told)
            continue
        waiting.add(account.id)
        await _ask(ws, account, told, words)
    return [link for link in await links(ws, form) if link.account_id in waiting]


def _told(
    form: SignupForm,
    row: ContactAddress,
    language: str,
    words: Words,
    *,
    evidence: str,
    at: datetime,
    source: str,
    proof: Mapping[str, str],
) -> consents.Told:
    known = {"form": form.id, "version": str(form.version), "form_name": form.settings.name}
    return consents.Told(
        at_address=row,
        purposes=("marketing",),
        state="granted",
        source=source,
        evidence=evidence,
        at=at,
        wording=words.agree,
        reach="handle",
        language=language,
        proof={**known, **proof},
    )


async def _ask(ws: Workspace, account: ChannelAccount, told: consents.Told, words: Words) -> None:
    """Only their own yes counts: by text message, or by the form's word from the app."""
    row = told.at_address
    asked = replace(told, state="asked", source="double_opt_in", expires_at=ws.clock.now() + _CONFIRM_WITHIN)
    if registry.adapter(account.kind).capabilities(account).window_hours is not None:
        # Nobody can be written to there before they write; the link is what they confirm with.
        await consents.tell(ws, asked)
        return
    contact = await contacts.get(ws, row.contact_id)
    conversation = await conversations.for_contact(ws, contact.id, name=contact.name)
    draft = outbox.Draft(
        content=Text(text=words.question),
        author=Author("bot", account.id, account.name),
        client_id=ids.derived("ask", told.evidence, account.id),
        account_id=account.id,
        address=str(row.address),
        purpose=Purpose.TRANSACTIONAL,
    )
    # Who has stopped everything here is not asked; their own START comes first.
    with suppress(AppError):
        await outbox.enqueue(ws, conversation, draft)
        await consents.tell(ws, replace(asked, wording=f"{words.agree} — {words.question}"))


async def _put_on_lists(ws: Workspace, form: SignupForm, contact_id: str) -> None:
    if form.settings.list_id:
        await profiles.mark(ws, contact_id, "lists", add=(form.settings.list_id,))
    if form.settings.tags:
        await profiles.mark(ws, contact_id, "tags", add=form.settings.tags)


async def meet(ws: Workspace, account: ChannelAccount, event: InboundMessage, conversation: Conversation) -> None:
    """Looks whether a message is the word of a form: who sends it has agreed to its words, from this handle."""
    said = _said(event)
    form = await _of_word(ws, said) if said else None
    if form is None or account.id not in form.settings.account_ids:
        return
    row = await contacts.known(ws, event.sender.address)
    if row is None:
        return
    contact = await contacts.get(ws, row.contact_id)
    language, words = form.words_in((contact.language or "")[:2])
    evidence = ids.derived("wrd", account.id, event.external_id)
    proof = {"account": account.name, "message": event.external_id, "word": said, "page": url(ws, form)}
    at = event.at if event.timed else ws.clock.now()
    told = _told(form, row, language, words, evidence=evidence, at=at, source=BY_WORD, proof=proof)
    await consents.tell(ws, told)
    await _put_on_lists(ws, form, contact.id)
    draft = outbox.Draft(
        content=Text(text=words.thanks),
        author=Author("bot", account.id, account.name),
        client_id=ids.derived("joined", account.id, event.external_id),
        account_id=account.id,
        address=str(event.sender.address),
    )
    with suppress(AppError):
        await outbox.enqueue(ws, conversation, draft)


def _said(event: InboundMessage) -> str:
    """A word, or what a link brought along."""
    brought = event.referral.payload if event.referral is not None else None
    text = event.content.text if isinstance(event.content, Text) else ""
    found = (brought or text).strip()
    return found if _WORD.fullmatch(found) else ""


_kept: WeakKeyDictionary[Runtime, dict[str, tuple[datetime, list[SignupForm]]]] = WeakKeyDictionary()


async def _of_word(ws: Workspace, said: str) -> SignupForm | None:
    return next((form for form in await _active(ws) if form.settings.word.casefold() == said.casefold()), None)


async def in_chat(ws: Workspace, account_id: str) -> SignupForm | None:
    """The form that this web chat shows: the newest that names it."""
    return next((form for form in await _active(ws) if account_id in form.settings.chat_ids), None)


async def _active(ws: Workspace) -> list[SignupForm]:
    """The newest first; from memory where it was read a moment ago: it is asked of every short message."""
    kept = _kept.setdefault(ws.runtime, {})
    now = ws.clock.now()
    found = kept.get(ws.id)
    if found is None or abs((now - found[0]).total_seconds()) > _KEPT_SECONDS:
        found = kept[ws.id] = now, [form for form in await store.every(ws) if form.settings.active]
    return found[1]


def _forget(ws: Workspace) -> None:
    _kept.setdefault(ws.runtime, {}).pop(ws.id, None)


# --- figures ------------------------------------------------------------------------------------------------------


async def count(ws: Workspace, form_id: str, what: str) -> None:
    """One more was shown the page, has sent it, or has agreed."""
    await signup_days.count(ws, form_id, days.of("UTC", ws.clock.now()), what)


@dataclass(frozen=True, slots=True)
class Day:
    day: date
    shown: int
    sent: int
    agreed: int


async def growth(ws: Workspace, form_id: str, number: int) -> Sequence[Day]:
    """The last so many days, each of them; days are those of UTC."""
    today = days.of("UTC", ws.clock.now())
    since = today - timedelta(days=number - 1)
    rows = {row["day"]: row for row in await signup_days.since(ws, form_id, since)}
    found = []
    for after in range(number):
        day = since + timedelta(days=after)
        row = rows.get(day.isoformat(), {})
        found.append(Day(day, row.get("shown", 0), row.get("sent", 0), row.get("agreed", 0)))
    return found
