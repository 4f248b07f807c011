"""Translation: the service that a workspace connects, and what it makes of messages and of answers."""

from typing import Annotated, Literal

from pydantic import Field

from app.core.clock import iso
from app.core.errors import ChangedMeanwhile, Conflict, Invalid, NotFound
from app.core.permissions import Permission
from inbox import access, present
from inbox.timeline import Written
from inbox.translating import translations, translator
from inbox.translating.services import LABELS, Untranslated
from inbox.translating.translator import Translator
from web.api.endpoint import ApiRequest, Endpoint
from web.api.inbox_shapes import ConversationShape, EntryShape
from web.api.models import Body, Out, Time

LanguageCode = Annotated[str, Field(min_length=2, max_length=20, pattern=r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*$")]
_Kind = Literal["libretranslate", "deepl"]


class WroteFirst(Body):
    """What somebody wrote, whose translation into `language` is sent."""

    text: Annotated[str, Field(min_length=1, max_length=translations.MOST_CHARS)]
    language: LanguageCode

    def as_stored(self) -> Written:
        return Written(self.text, self.language)


class ConnectTranslator(Body):
    """An empty key keeps the stored one, at the same address; `revision` is that of what is replaced (0: nothing)."""

    kind: _Kind
    url: Annotated[str, Field(max_length=500)] = ""
    # It travels in a header.
    key: Annotated[str, Field(max_length=500, pattern=r"^[\t\r\n ]*[ -~]*[\t\r\n ]*$")] = ""
    revision: Annotated[int, Field(ge=0, le=2**53)] = 0


class LanguageOut(Out):
    code: str
    name: str


class LanguagesOut(Out):
    """What can be translated into; without a service nothing."""

    connected: bool
    service: str
    items: list[LanguageOut]


class TranslatorOut(Out):
    """`error` is what went wrong last; empty is well. The key is never given back."""

    kind: _Kind
    service: str
    url: str
    has_key: bool
    languages: list[LanguageOut]
    checked_at: Time
    error: str
    revision: int


class TranslatorState(Out):
    """`own_url`: a LibreTranslate that the owner of this instance has named."""

    translator: TranslatorOut | None
    own_url: str


class TranslateEntry(Body):
    into: LanguageCode


class FollowLanguage(Body):
    """null: what comes is translated no more."""

    into: LanguageCode | None


class ComposeTranslation(Body):
    """`into` null: the customer's language."""

    text: Annotated[str, Field(min_length=1, max_length=100_000)]
    into: LanguageCode | None = None


class ComposedTranslation(Out):
    text: str
    into: str
    source: str | None


async def languages(request: ApiRequest) -> LanguagesOut:
    connected = await _known(request)
    if connected is None:
        return LanguagesOut(connected=False, service="", items=[])
    return LanguagesOut(connected=True, service=connected.label, items=_languages(connected))


async def _known(request: ApiRequest) -> Translator | None:
    """One whose key cannot be read any more is none."""
    try:
        return await translator.get(request.ws)
    except Untranslated:
        return None


async def show(request: ApiRequest) -> TranslatorState:
    connected = await _known(request)
    return _state(request, connected)


async def connect(request: ApiRequest, body: ConnectTranslator) -> TranslatorState:
    connected = await translator.connect(
        request.ws, request.actor, kind=body.kind, url=body.url, key=body.key.strip(), revision=body.revision
    )
    return _state(request, connected)


async def check(request: ApiRequest) -> TranslatorState:
    return _state(request, await translator.check(request.ws))


async def disconnect(request: ApiRequest) -> None:
    await translator.disconnect(request.ws, request.actor)


def _state(request: ApiRequest, found: Translator | None) -> TranslatorState:
    shown = found and TranslatorOut(
        kind=found.kind,
        service=LABELS[found.kind],
        url=found.url,
        has_key=bool(found.key),
        languages=_languages(found),
        checked_at=iso(found.checked_at) or "",
        error=found.error,
        revision=found.revision,
    )
    return TranslatorState(translator=shown, own_url=request.runtime.settings.libretranslate_url)


def _languages(found: Translator) -> list[LanguageOut]:
    return [LanguageOut(code=each.code, name=each.name) for each in found.languages]


async def translate_entry(request: ApiRequest, entry_id: str, body: TranslateEntry) -> EntryShape:
    entry = await access.entry(request.ws, request.actor, entry_id, access.REPLY)
    return present.entry(await translations.of_entry(request.ws, entry, body.into))  # type: ignore[return-value]


async def follow(request: ApiRequest, conversation_id: str, body: FollowLanguage) -> ConversationShape:
    ws, actor = request.ws, request.actor
    conversation = await access.conversation(ws, actor, conversation_id, access.REPLY)
    followed = await translations.follow(ws, actor, conversation, body.into)
    return (await present.conversations(ws, [followed]))[0]  # type: ignore[return-value]


async def compose(request: ApiRequest, conversation_id: str, body: ComposeTranslation) -> ComposedTranslation:
    conversation = await access.conversation(request.ws, request.actor, conversation_id, access.REPLY)
    made = await translations.compose(request.ws, conversation, body.text, body.into)
    return ComposedTranslation(text=made.text, into=made.into, source=made.source)


ENDPOINTS = [
    Endpoint(
        "GET", "/translation/languages", languages, Permission.INBOX_READ, "Whether and into what can be translated"
    ),
    Endpoint("GET", "/translator", show, Permission.ACCOUNTS_MANAGE, "The connected translation service"),
    Endpoint(
        "PUT",
        "/translator",
        connect,
        Permission.ACCOUNTS_MANAGE,
        "Connect a translation service, or change it; it is asked before anything is stored",
        errors=(Invalid, ChangedMeanwhile),
    ),
    Endpoint(
        "POST",
        "/translator/check",
        check,
        Permission.ACCOUNTS_MANAGE,
        "Ask the service now whether it works",
        errors=(Conflict,),
    ),
    Endpoint(
        "DELETE",
        "/translator",
        disconnect,
        Permission.ACCOUNTS_MANAGE,
        "Disconnect it: what was translated stays, nothing more goes out",
    ),
    Endpoint(
        "POST",
        "/entries/{entry_id}/translation",
        translate_entry,
        Permission.INBOX_REPLY,
        "Translate a message; for all colleagues, once for each language",
        errors=(NotFound, Invalid, Conflict),
    ),
    Endpoint(
        "PUT",
        "/conversations/{conversation_id}/translation",
        follow,
        Permission.INBOX_REPLY,
        "Translate what the customer writes as it comes, or no more",
        errors=(NotFound, Invalid, Conflict),
    ),
    Endpoint(
        "POST",
        "/conversations/{conversation_id}/translation",
        compose,
        Permission.INBOX_REPLY,
        "An answer in the customer's language, to look at before it is sent",
        errors=(NotFound, Invalid, Conflict),
    ),
]
