"""
Which translation service a workspace has connected: checked by asking it before anything is stored.

Without one, nothing of any message goes anywhere. The key is sealed like those of channels, and never shown again.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from urllib.parse import urlsplit

from app.core import audit
from app.core.audit import Target
from app.core.errors import Change, ChangedMeanwhile, Invalid
from app.core.permissions import Actor
from app.core.runtime import Workspace
from app.core.security import CannotDecrypt
from inbox import live
from inbox.store import translators as store
from inbox.translating import services
from inbox.translating.services import LABELS, Kind, Language, Service, Untranslated

_PROBE = "Good morning"
_ABOUT_KEY = frozenset(("translation_refused", "translation_used_up"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Translator:
    """`url` is empty where the service has one address for all. `error` is what went wrong last; empty is well."""

    kind: Kind
    url: str
    key: str = field(repr=False)
    languages: tuple[Language, ...] = ()
    checked_at: datetime
    error: str = ""
    revision: int = 0

    @property
    def label(self) -> str:
        return LABELS[self.kind]


async def get(ws: Workspace) -> Translator | None:
    """Raises Untranslated where its key cannot be read any more."""
    try:
        return await store.get(ws)
    except CannotDecrypt:
        raise Untranslated(
            "The key of the translation service was stored with a secret key that this instance does not have any "
            "more. Connect the service again under Settings, Translation.",
            code="translation_refused",
        ) from None


async def service_of(ws: Workspace) -> tuple[Translator, Service]:
    """Raises Untranslated where none is connected."""
    connected = await get(ws)
    if connected is None:
        raise Untranslated(
            "No translation service is connected. An administrator connects one under Settings, Translation.",
            code="translation_off",
        )
    return connected, services.opened(ws.runtime, connected.kind, connected.url, connected.key)


async def connect(ws: Workspace, actor: Actor, *, kind: Kind, url: str, key: str, revision: int) -> Translator:
    """
    In place of the one with this revision (0: none). An empty key keeps the stored one, at the same address only: else
    whoever may change the address could have the key sent to their own.

    Raises Invalid with the field to look at, Untranslated where none is to blame, ChangedMeanwhile.
    """
    try:
        now = await get(ws)
    except Untranslated:
        await store.delete(ws)
        now = None
    if revision != (now.revision if now else 0):
        raise ChangedMeanwhile("A colleague has just changed this.", Change("translator"))
    url = _address(url) if kind == "libretranslate" else ""
    if not key and now is not None and (now.kind, now.url) == (kind, url):
        key = now.key
    if kind == "deepl" and not key:
        raise Invalid.field("key", "DeepL needs a key; it is in your account there, under API keys.")
    wanted = Translator(kind=kind, url=url, key=key, checked_at=ws.clock.now(), revision=revision + 1)
    try:
        wanted = replace(wanted, languages=await _asked(services.opened(ws.runtime, kind, url, key)))
    except Untranslated as error:
        about = "key" if error.code in _ABOUT_KEY else "url"
        if about == "url" and kind == "deepl":
            raise
        raise Invalid.field(about, error.detail) from None
    async with live.announced(ws, "translator", ws.id):
        if not await store.save(ws, wanted):
            raise ChangedMeanwhile("A colleague has just changed this.", Change("translator"))
        done = "translator.changed" if now else "translator.connected"
        await audit.record(ws, actor, done, _target(ws, wanted), {"service": wanted.label, "address": url})
        await _tell(ws)
    return wanted


async def check(ws: Workspace) -> Translator:
    """Asks the service now: what it knows, and whether it translates. What it says against it is in `error`."""
    connected, service = await service_of(ws)
    try:
        wanted = replace(connected, languages=await _asked(service), error="")
    except Untranslated as error:
        wanted = replace(connected, error=error.detail)
    wanted = replace(wanted, checked_at=ws.clock.now())
    if not await store.note_health(ws, wanted):
        raise ChangedMeanwhile("A colleague has just changed this.", Change("translator"))
    await _tell(ws)
    return wanted


async def disconnect(ws: Workspace, actor: Actor) -> None:
    """What was translated stays; nothing more goes out. Nothing where none is connected."""
    async with live.announced(ws, "translator", ws.id):
        if await store.delete(ws):
            await audit.record(ws, actor, "translator.disconnected", Target("translator", ws.id, "Translation"))
        await _tell(ws)


async def note(ws: Workspace, connected: Translator, error: str) -> None:
    """How a call went, where that is news."""
    if error != connected.error:
        await store.note_health(ws, replace(connected, error=error, checked_at=ws.clock.now()))
        await _tell(ws)


async def _asked(service: Service) -> tuple[Language, ...]:
    """Its languages; a word is translated as well, since languages may be told to anybody. Raises Untranslated."""
    languages = tuple(await service.languages())
    if not languages:
        raise Untranslated(
            f"{LABELS[service.kind]} knows no language; has it finished starting?", code="translation_nonsense"
        )
    into = next((each.code for each in languages if services.base(each.code) != "en"), languages[0].code)
    await service.translate(_PROBE, into)
    return languages


def _address(given: str) -> str:
    """Raises Invalid."""
    url = given.strip().rstrip("/")
    try:
        parts = urlsplit(url)
        valid = parts.scheme in ("http", "https") and parts.hostname and (parts.port or 1)
    except ValueError:
        valid = None
    if not valid:
        raise Invalid.field("url", "Write the full address, such as https://translate.example.com.")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise Invalid.field("url", "Write the address alone, without a name, a password or a question mark.")
    return url


def _target(ws: Workspace, wanted: Translator) -> Target:
    return Target("translator", ws.id, wanted.label)


async def _tell(ws: Workspace) -> None:
    await live.publish(ws, live.event("translator", {"id": ws.id}))
