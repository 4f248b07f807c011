"""
Masks: phone numbers, email addresses and locations of customers, as those read them who may not have them.

Whatever leaves for such a reader is walked as a whole: every text is masked but what people wrote (WRITTEN) and what is
no text of anybody's (ids, times, links). So a new answer is masked by itself; what is to stay readable is named here.
The same value always has the same mask, and two values have two: a masked address can be answered, never read.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from app.core.permissions import Actor, Mask
from app.core.runtime import Workspace

# What people wrote stays as they wrote it.
WRITTEN = frozenset(
    (
        *("text", "caption", "body", "title", "description", "notes", "note", "comment", "review", "wording"),
        *("status_text", "emoji"),
    )
)
# No text of anybody's.
_PLAIN = frozenset(
    (
        *("id", "ids", "at", "until", "since", "ip", "user_agent", "url", "thumb_url", "link", "next_cursor", "cursor"),
        *("amount", "each"),
        *("csrf", "version", "day", "first", "last", "mime", "code", "provider_code", "account_name"),
    )
)
# Maps whose names the workspace chose: what they are called says nothing about what they hold.
_OWN = frozenset(("fields", "picks"))
# A provider's own payload holds numbers in forms that nobody can list.
_SEALED = frozenset(("payload", "raw"))
HIDDEN = "••••"
_SHOWN_DIGITS = 4
_FEWEST_DIGITS, _MOST_DIGITS = 7, 15
_SIGNATURE_CHARS = 10

_NUMBER = re.compile(r"(?<![\w@/.:-])\+?\(?\d[\d\s().\-/\u00a0\u2011]{5,}\d(?![\w@])")
_EMAIL = re.compile(r"(?<![\w.+-])([\w.+-]{1,64})@([\w-]+(?:\.[\w-]+)+)")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_ADDRESS = re.compile(r"([a-z_]{2,20}):([^\s:]+)")


def may_give_away(text: str) -> bool:
    """Whether somebody who asks for this might find out a number or an email address."""
    return re.search(r"@|\d\D{0,3}\d\D{0,3}\d", text) is not None


class Masker:
    """What one reader does not see."""

    def __init__(self, ws: Workspace, masks: Iterable[Mask]) -> None:
        self._ws = ws
        self._masks = frozenset(masks)

    def walk(self, value: Any, key: str = "") -> Any:
        """JSON as this reader gets it."""
        if isinstance(value, Mapping):
            if Mask.ADDRESSES in self._masks and value.get("type") == "location" and "latitude" in value:
                return _roughly(value)
            return {name: self.walk(each, "" if key in _OWN else str(name)) for name, each in value.items()}
        if isinstance(value, list | tuple):
            return [self.walk(each, key) for each in value]
        if key in _SEALED and value is not None:
            return HIDDEN
        if not isinstance(value, str) or _is_plain(key) or key in WRITTEN:
            return value
        return self.within(value)

    def within(self, text: str) -> str:
        """A text that nobody wrote to anybody, such as a name, a label or an address."""
        if (parts := _ADDRESS.fullmatch(text)) is not None:
            masked = self._value(parts[2])
            return text if masked is None else f"{parts[1]}:{masked}~{self._signature(text)}"
        if Mask.EMAILS in self._masks:
            text = _EMAIL.sub(lambda found: email(found[0]), text)
        if Mask.PHONES in self._masks:
            text = _NUMBER.sub(lambda found: number(found[0]), text)
        return text

    def _value(self, value: str) -> str | None:
        """The handle of an address, masked; None where there is nothing to hide."""
        if Mask.PHONES in self._masks and value.startswith("+"):
            return number(value)
        if Mask.EMAILS in self._masks and _EMAIL.fullmatch(value):
            return email(value)
        return None

    def _signature(self, address: str) -> str:
        return self._ws.runtime.keyring.sign(f"mask|{self._ws.id}|{address}")[:_SIGNATURE_CHARS]

    def unmasked(self, given: str, candidates: Iterable[str]) -> str:
        """Which of these addresses a reader means who knows it only masked; `given` where it is none of them."""
        return next((each for each in candidates if self.within(each) == given), given)

    def hides(self, text: str) -> bool:
        """Whether somebody looks for what they do not see."""
        return self.within(text) != text


def of(ws: Workspace, actor: Actor) -> Masker | None:
    """None: nothing is hidden from them."""
    return Masker(ws, actor.rights.masks) if actor.rights.masks else None


def number(text: str) -> str:
    """`•••• 1234`; what is too short or too long to be a phone number, or a date, stays."""
    digits = [c for c in text if c.isdigit()]
    if not _FEWEST_DIGITS <= len(digits) <= _MOST_DIGITS or _DATE.match(text):
        return text
    return f"{HIDDEN} {''.join(digits[-_SHOWN_DIGITS:])}"


def email(text: str) -> str:
    """`a•••@example.com`: the domain says whether it is a business or a private one."""
    name, _, domain = text.partition("@")
    return f"{name[:1]}•••@{domain}"


def _roughly(location: Mapping[str, Any]) -> dict[str, Any]:
    """A location in a message: what part of a country, and no more."""
    named = {name: HIDDEN for name in ("name", "address") if location.get(name)}
    position = {name: rough(location[name]) for name in ("latitude", "longitude")}
    return {**location, **named, **position}


def rough(degrees: float | None) -> float | None:
    """To within about ten kilometres."""
    return None if degrees is None else round(degrees, 1)


def _is_plain(key: str) -> bool:
    return key in _PLAIN or key.endswith(("_id", "_ids", "_at", "_url", "_cursor", "_seconds"))
