"""
The port to translation services: one file for each, opened here, with the same errors.

    Untranslated (409)                 nothing was changed; the words say what to do
    ├── translation_off                no service is connected
    ├── translation_refused            it does not accept the key, or wants one
    ├── translation_used_up            the quota of the key is used up
    ├── translation_busy               too many requests; later it goes
    ├── translation_down               not reached, no answer in time, trouble of its own
    ├── translation_nonsense           it answers, but not as such a service does
    └── translation_language           it refuses this language, or this text
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Protocol

import httpx
import orjson

from app.core import http
from app.core.errors import Conflict
from app.core.runtime import Runtime

Kind = Literal["libretranslate", "deepl"]
LABELS: Mapping[Kind, str] = {"libretranslate": "LibreTranslate", "deepl": "DeepL"}

# Somebody waits for it: so long for all of an answer, and so long to connect.
SECONDS = 10.0
_CONNECT_SECONDS = 4.0
_MOST_ANSWER_BYTES = 1_000_000
_MOST_LANGUAGES = 300


class Untranslated(Conflict):
    """A service did not do it. `retryable`: a little later it may."""

    title = "Not translated"

    def __init__(self, detail: str, *, code: str, retryable: bool = False) -> None:
        super().__init__(detail, code=code)
        self.retryable = retryable


@dataclass(frozen=True, slots=True)
class Language:
    """`code` is small: `fr`, `pt-br`; `name` is English."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Translated:
    """`source` is the language of the original as the service says, small; None if it does not."""

    text: str
    source: str | None


class Service(Protocol):
    """A service with its address and key. Each call raises Untranslated."""

    kind: ClassVar[Kind]

    async def languages(self) -> Sequence[Language]:
        """What can be translated into."""

    async def translate(self, text: str, into: str) -> Translated:
        """`into` is one of its languages. Line breaks stay."""

    async def detect(self, text: str) -> str | None: ...


def opened(runtime: Runtime, kind: Kind, url: str, key: str) -> Service:
    # The kinds stand above this module, whose errors they raise.
    from inbox.translating.deepl import DeepL
    from inbox.translating.libretranslate import LibreTranslate

    if kind == "deepl":
        base = runtime.settings.deepl_url or DeepL.base_of(key)
        return DeepL(Door(runtime.http, base, LABELS[kind]), key)
    # An address that a member typed leads to the public internet, or to what the instance's owner has named.
    own = runtime.settings.libretranslate_url
    client = runtime.http if own and url == own else runtime.untrusted_http
    return LibreTranslate(Door(client, url, LABELS[kind]), key)


@dataclass(frozen=True, slots=True)
class Door:
    """How a service is asked: with time-outs, without redirects, and answers of any kind as one of the errors."""

    client: httpx.AsyncClient
    base: str
    label: str

    async def ask(self, method: str, path: str, **options: Any) -> Any:
        """The JSON of a 2xx answer."""
        try:
            async with asyncio.timeout(SECONDS):
                answer = await http.read_limited(
                    self.client,
                    method,
                    f"{self.base}{path}",
                    max_bytes=_MOST_ANSWER_BYTES,
                    timeout=httpx.Timeout(SECONDS, connect=_CONNECT_SECONDS),
                    follow_redirects=False,
                    **options,
                )
        except http.ForbiddenAddress:
            raise Untranslated(
                f"{self.label}'s address is inside a private network. If it is your own, the owner of this instance "
                "names it in PARLEY_LIBRETRANSLATE_URL.",
                code="translation_down",
            ) from None
        except (TimeoutError, httpx.TimeoutException):
            raise Untranslated(
                f"{self.label} did not answer in time. Try again; nothing was changed.",
                code="translation_down",
                retryable=True,
            ) from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Untranslated(
                f"{self.label} could not be reached ({type(error).__name__}). Try again, or look at its address.",
                code="translation_down",
                retryable=True,
            ) from None
        if answer.status_code >= 300:
            raise self._refused(answer)
        try:
            return orjson.loads(answer.content)
        except orjson.JSONDecodeError:
            raise self.nonsense() from None

    def nonsense(self) -> Untranslated:
        return Untranslated(
            f"What answers at {self.label}'s address does not answer as {self.label} does. Have the address looked at "
            "under Settings, Translation.",
            code="translation_nonsense",
        )

    def _refused(self, answer: httpx.Response) -> Untranslated:
        """By status; LibreTranslate answers 400 to whom has no key at all."""
        status, words = answer.status_code, _words(answer)
        if status in (401, 403) or (status == 400 and "api key" in words.lower()):
            return Untranslated(
                f"{self.label} does not accept the key ({status}). Have it looked at under Settings, Translation.",
                code="translation_refused",
            )
        if status == 456:
            return Untranslated(
                f"The quota of {self.label}'s key is used up ({status}). Wait for the next month, or raise it there.",
                code="translation_used_up",
            )
        if status == 429:
            return Untranslated(
                f"{self.label} has too many requests from us ({status}). Try again in a minute.",
                code="translation_busy",
                retryable=True,
            )
        if status >= 500:
            return Untranslated(
                f"{self.label} has trouble of its own ({status}). Try again in a while.",
                code="translation_down",
                retryable=True,
            )
        if status in (400, 413):
            return Untranslated(
                f"{self.label} refused it ({status}{f': {words}' if words else ''}). Choose another language, or "
                "translate less at once.",
                code="translation_language",
            )
        return self.nonsense()


def _words(answer: httpx.Response) -> str:
    """What the service says went wrong, if it says so as such services do."""
    try:
        given = orjson.loads(answer.content)
    except orjson.JSONDecodeError:
        return ""
    words = (given.get("error") or given.get("message")) if isinstance(given, dict) else None
    return " ".join(words.split())[:200].rstrip(".") if isinstance(words, str) else ""


def small(code: str) -> str:
    """`pt_BR` as it is written here: `pt-br`."""
    return code.strip().replace("_", "-").lower()


def base(code: str) -> str:
    """`pt` of `pt-br`."""
    return small(code).partition("-")[0]


def listed(found: Sequence[tuple[Any, Any]]) -> list[Language]:
    """Of (code, name) as a service gives them, those that make sense, by name."""
    known = {small(code): name for code, name in found if isinstance(code, str) and isinstance(name, str) and code}
    return sorted((Language(*each) for each in known.items()), key=lambda each: each.name)[:_MOST_LANGUAGES]


def spoken(languages: Sequence[Language], wanted: str) -> str | None:
    """The service's language for one that somebody wants: the same, else one that differs by region alone."""
    codes = [each.code for each in languages]
    if small(wanted) in codes:
        return small(wanted)
    return next((code for code in codes if base(code) == base(wanted)), None)
