"""Connected accounts: from a row of the directory to what an adapter is given; connecting, checking, health."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import httpx

from app.core import ids
from app.core.clock import iso
from app.core.errors import FieldError, Invalid, NotFound
from app.core.platform import accounts as rows
from app.core.platform.accounts import AccountRow
from app.core.runtime import Runtime, Workspace
from app.core.security import random_token
from channels import registry
from channels.contract import (
    AccountFacts,
    ChannelAccount,
    ChannelAdapter,
    ChannelIO,
    Connects,
    FormField,
    MarksRead,
    ReceivesWebhooks,
    ShowsTyping,
    previous_secret,
)
from channels.errors import AccountError

# An account that used to receive and has not for this long is worth a look.
SILENT = timedelta(hours=24)


SHOW_TYPING = FormField(
    name="show_typing",
    label="Show typing",
    help="Customers see that somebody is writing an answer.",
    required=False,
    type="boolean",
    default=True,
)
SEND_READ_RECEIPTS = FormField(
    name="send_read_receipts",
    label="Send read receipts",
    help="Customers see when their message has been read by an agent.",
    required=False,
    type="boolean",
    default=True,
)

STOP_WORDS = FormField(
    name="stop_words",
    label="Own stop words",
    help="Words or short phrases, with commas between them, that end messages as STOP does when somebody sends nothing "
    "else. STOP itself and what it is in other languages always count.",
    placeholder="no more, enough",
    required=False,
)
START_WORDS = FormField(
    name="start_words",
    label="Own start words",
    help="Words that lift such a stop again, as START does.",
    placeholder="back again",
    required=False,
)
STOP_REPLY = FormField(
    name="stop_reply",
    label="Answer to a stop",
    help="Sent to whoever sends a stop word. Empty: a short confirmation in the language of the word.",
    placeholder="You will get no more offers from us. Send START to get them again.",
    required=False,
)


# Longer than any value that a provider gives out.
_MOST_CHARS = 10_000
_MOST_ORIGINS = 100


def channel_account(row: AccountRow) -> ChannelAccount:
    """What an adapter gets to know of an account."""
    return ChannelAccount(
        id=row.id,
        workspace_id=row.workspace_id,
        kind=row.kind,
        name=row.name,
        address=row.address,
        config=row.config,
        secrets=row.secrets,
        enabled=row.enabled,
    )


async def get(runtime: Runtime, account_id: str) -> ChannelAccount:
    """From memory. Raises NotFound, Unavailable."""
    return channel_account(await runtime.accounts.get(account_id))


async def row_of(ws: Workspace, account_id: str) -> AccountRow:
    """An account of this workspace. Raises NotFound for another's."""
    row = await ws.runtime.accounts.get(account_id)
    if row.workspace_id != ws.id:
        raise NotFound("There is no such channel account.")
    return row


def io(runtime: Runtime) -> ChannelIO:
    """All that an adapter may reach out with."""
    settings = runtime.settings

    return ChannelIO(
        http=runtime.http,
        log=runtime.log.bind(component="channels"),
        public_url=settings.public_url,
        graph_url=settings.graph_url,
        graph_version=settings.graph_version,
        twilio_url=settings.twilio_url,
        telegram_url=settings.telegram_url,
    )


def webhook_url(runtime: Runtime, row: AccountRow) -> str | None:
    """Where the provider calls us for this account; None for channels without webhooks."""
    if not isinstance(registry.adapter(row.kind), ReceivesWebhooks):
        return None
    return f"{runtime.settings.public_url}/webhooks/{row.kind}/{row.id}"


def form_of(adapter: ChannelAdapter) -> tuple[FormField, ...]:
    """
    What a person fills in for an account: the channel's own values, a switch for each sign it can show, and the words
    that stop messages.
    """
    switches = []
    if isinstance(adapter, ShowsTyping):
        switches.append(SHOW_TYPING)
    if isinstance(adapter, MarksRead):
        switches.append(SEND_READ_RECEIPTS)
    words = [STOP_WORDS, START_WORDS]
    if not adapter.capabilities(None).confirms_stop:
        words.append(STOP_REPLY)
    return (*adapter.form, *switches, *words)


async def connect(ws: Workspace, kind: str, name: str, given: Mapping[str, Any]) -> AccountRow:
    """
    A new account from a filled-in form: checked by asking the provider before anything is stored.

    Raises Invalid with the field to look at.
    """
    adapter = registry.adapter(kind)
    config, hidden = _sort(form_of(adapter), given, {}, {})
    row = AccountRow(
        id=ids.new("acc"),
        workspace_id=ws.id,
        kind=kind,
        name=name.strip() or adapter.label,
        address="",
        config=config,
        secrets=hidden,
        created_at=ws.clock.now(),
    )
    facts = await _ask(ws.runtime, row)
    row = replace(row, address=facts.address, health=_health(facts, ws.clock.now()))
    await rows.insert(ws.runtime.mongo, ws.runtime.keyring, row)
    ws.runtime.accounts.forget()
    return row


async def edit(
    ws: Workspace,
    row: AccountRow,
    *,
    name: str | None = None,
    given: Mapping[str, Any] | None = None,
    enabled: bool | None = None,
) -> AccountRow:
    """Changed values are checked like new ones; an empty secret keeps the stored one. Raises Invalid."""
    changed = replace(
        row,
        name=name.strip() or row.name if name is not None else row.name,
        enabled=row.enabled if enabled is None else enabled,
    )
    if given:
        config, hidden = _sort(form_of(registry.adapter(row.kind)), given, row.config, row.secrets)
        changed = replace(changed, config=config, secrets=hidden)
        facts = await _ask(ws.runtime, changed)
        changed = replace(changed, address=facts.address)
        await rows.note_health(ws.runtime.mongo, row.id, _health(facts, ws.clock.now()))
    await rows.update(ws.runtime.mongo, ws.runtime.keyring, changed)
    ws.runtime.accounts.forget()
    return await row_of(ws, row.id)


async def renew_secret(ws: Workspace, row: AccountRow, name: str) -> str:
    """
    A new value for a secret that the server makes; the one before stays good until the next is made.

    It is given back here, once, for its owner to copy. Raises NotFound.
    """
    field = next((f for f in registry.adapter(row.kind).form if f.name == name and f.renewable), None)
    if field is None:
        raise NotFound("This account has no such secret.")
    made = random_token(field.token_prefix or field.name[:2])
    kept = {**row.secrets, previous_secret(name): row.secrets.get(name, ""), name: made}
    await rows.update(ws.runtime.mongo, ws.runtime.keyring, replace(row, secrets=kept))
    ws.runtime.accounts.forget()
    return made


async def check(ws: Workspace, row: AccountRow) -> AccountRow:
    """Asks the provider again and keeps what it says as health; never raises for a provider's refusal."""
    try:
        facts = await _ask(ws.runtime, row)
    except Invalid as error:
        health = {"checked_at": ws.clock.now(), "check_error": error.detail}
    else:
        health = _health(facts, ws.clock.now())
    await rows.note_health(ws.runtime.mongo, row.id, health)
    ws.runtime.accounts.forget()
    return await row_of(ws, row.id)


async def register_webhook(ws: Workspace, row: AccountRow) -> AccountRow:
    """Lets the provider point its webhook at us. Raises Invalid."""
    adapter = registry.adapter(row.kind)
    url = webhook_url(ws.runtime, row)
    if not isinstance(adapter, Connects) or url is None:
        raise Invalid("This channel's webhook has to be pasted into the provider's console by hand.")
    try:
        await adapter.connect(io(ws.runtime), channel_account(row), url)
    except AccountError as error:
        raise _invalid(error) from None
    await rows.note_health(ws.runtime.mongo, row.id, {"webhook_registered_at": ws.clock.now()})
    ws.runtime.accounts.forget()
    return await row_of(ws, row.id)


async def disconnect(ws: Workspace, row: AccountRow) -> None:
    """Takes the webhook back where that is possible, and forgets the account and its credentials."""
    adapter = registry.adapter(row.kind)
    if isinstance(adapter, Connects):
        try:
            await adapter.disconnect(io(ws.runtime), channel_account(row))
        except (AccountError, httpx.HTTPError) as error:
            # The provider may have forgotten us first; what counts is that we keep no credentials.
            ws.log.warning("disconnect_failed", account_id=row.id, error=str(error))
    await rows.delete(ws.runtime.mongo, ws.id, row.id)
    ws.runtime.accounts.forget()


async def _ask(runtime: Runtime, row: AccountRow) -> AccountFacts:
    try:
        return await registry.adapter(row.kind).check(io(runtime), channel_account(row))
    except AccountError as error:
        raise _invalid(error) from None
    except httpx.HTTPError:
        raise Invalid(
            "The provider could not be reached. Check this server's internet connection and try again."
        ) from None


def _invalid(error: AccountError) -> Invalid:
    field = f"config.{error.field}" if error.field else "config"
    return Invalid(str(error), errors=(FieldError(field, str(error)),))


def _sort(
    form: tuple[FormField, ...], given: Mapping[str, Any], config: Mapping[str, Any], hidden: Mapping[str, str]
) -> tuple[dict[str, Any], dict[str, str]]:
    """Given values by the form into public and secret ones; server-made ones are made if missing. Raises Invalid."""
    public, secret = dict(config), dict(hidden)
    known = {field.name for field in form} | public.keys() | secret.keys()
    errors = [FieldError(f"config.{name}", _unknown(form)) for name in given if name not in known]
    for field in form:
        store: dict[str, Any] = secret if field.secret else public
        if not field.asked:
            store.setdefault(field.name, field.default or random_token(field.token_prefix or field.name[:2]))
            continue
        value = given.get(field.name)
        if isinstance(value, str):
            value = value.strip()
        wrong = None if value in (None, "") else _wrong(field, value)
        if wrong is not None:
            errors.append(FieldError(f"config.{field.name}", wrong))
        elif value not in (None, ""):
            store[field.name] = value
        elif field.name in given and not field.secret and not field.required:
            # Emptied on purpose; an empty secret, which the form never shows, means: as it was.
            store.pop(field.name, None)
            if field.default is not None:
                store[field.name] = field.default
        elif field.name not in store and field.default is not None:
            store[field.name] = field.default
        elif field.required and not store.get(field.name):
            errors.append(FieldError(f"config.{field.name}", f"{field.label} is needed. {field.help}"))
    if errors:
        raise Invalid("Some values are missing or not right.", errors=tuple(errors))
    return public, secret


def _unknown(form: tuple[FormField, ...]) -> str:
    """What is misspelt would silently count for nothing."""
    return f"There is no such value here; there are: {', '.join(field.name for field in form if field.asked)}."


def _wrong(field: FormField, value: Any) -> str | None:
    """What is wrong with the form of this value; what it means is the adapter's to check."""
    if field.type == "boolean":
        return None if isinstance(value, bool) else "Say true or false."
    if field.type in ("origins", "lines") and isinstance(value, list):
        fits = len(value) <= _MOST_ORIGINS and all(isinstance(v, str) and len(v) <= _MOST_CHARS for v in value)
        return None if fits else "Give it as a list of texts."
    if not isinstance(value, str):
        return "Write this value as text."
    if len(value) > _MOST_CHARS:
        return f"This value has more than {_MOST_CHARS} characters."
    if field.secret and not (value.isascii() and value.isprintable()):
        # No provider's key has one, and no header carries it.
        return "This value has signs in it that no key has. Copy it again, all of it and nothing around it."
    if field.type == "select" and value not in {option for option, _ in field.options}:
        return "Choose one of the given values."
    return None


def _health(facts: AccountFacts, now: datetime) -> dict[str, Any]:
    return {
        "checked_at": now,
        "check_error": None,
        # It works again: what was wrong before is over.
        "notice": None,
        "token_expires_at": facts.token_expires_at,
        "quality": facts.quality,
        "limits": facts.limits,
        "people_a_day": facts.people_a_day,
        "portfolio": facts.portfolio,
        "warnings": list(facts.warnings),
    }


def health(row: AccountRow, now: datetime) -> dict[str, Any]:
    """The account's health as a person reads it: a state, a sentence, and the figures behind it."""
    known = row.health
    expires = known.get("token_expires_at")
    state, summary = "ok", "Working."
    if not row.enabled:
        state, summary = "warning", "Switched off: nothing is sent, and what comes in is kept."
    elif row.locked:
        state, summary = "error", "Its credentials were stored with another secret key: enter them again."
    elif known.get("check_error"):
        state, summary = "error", str(known["check_error"])
    elif expires and expires < now:
        state, summary = "error", "The access token has expired: make a new one and paste it here."
    elif known.get("notice"):
        state, summary = known["notice"]["severity"], known["notice"]["message"]
    elif expires and expires < now + timedelta(days=7):
        state, summary = "warning", "The access token ends soon: make a new one and paste it here."
    elif known.get("warnings"):
        state, summary = "warning", str(known["warnings"][0])
    elif (last := known.get("last_webhook_at")) and now - last > SILENT:
        state, summary = "warning", "Nothing has come in for a day. If customers do write, check the webhook."
    elif not last and webhook_expected(row):
        state, summary = "new", "Connected. Nothing has been received yet: send a message to try it."
    return {
        "state": "ok" if state == "info" else state,
        "summary": summary,
        "last_webhook_at": iso(known.get("last_webhook_at")),
        "last_send_at": iso(known.get("last_send_at")),
        "last_error": _last_error(known.get("last_error")),
        "token_expires_at": iso(expires),
        "quality": known.get("quality"),
        "limits": known.get("limits"),
        "checked_at": iso(known.get("checked_at")),
        "webhook_registered_at": iso(known.get("webhook_registered_at")),
    }


def webhook_expected(row: AccountRow) -> bool:
    return isinstance(registry.adapter(row.kind), ReceivesWebhooks)


def _last_error(error: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return {**error, "at": iso(error["at"])} if error else None
