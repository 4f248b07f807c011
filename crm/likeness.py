"""
What two contacts can have in common, as words that are kept on each and looked up exactly.

`phone:`, `mail:` and `id:` say who somebody is; `name:` and `like:` only that two are called alike, which is no reason
by itself. Rare spellings meet under `like:` (how two of the name's words begin) and are then compared.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher

from app.core.addresses import Address, e164

MOST_KEYS = 24
_LIKE_CHARS = 3
_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_PHONE = re.compile(r"\+\d[\d ()-]{6,20}\d")
# How alike two names have to be to count as one in another spelling; measured on typing errors, not on nicknames.
_ALIKE = 0.84

Handle = tuple[Address, str | None]


def keys(name: str, handles: Iterable[Handle], notes: str = "") -> list[str]:
    """What a contact is looked up by: numbers and e-mails of its handles and notes, ids, and its name."""
    found: dict[str, None] = {}
    for address, username in handles:
        if address.value.startswith("+"):
            found[f"phone:{address.value}"] = None
        elif address.value.startswith("user:"):
            found[f"id:{address.value.removeprefix('user:').casefold()}"] = None
        for text in (address.value, username or ""):
            for mail in _MAIL.findall(text.removeprefix("user:")):
                found[f"mail:{mail.casefold()}"] = None
        if username and "@" not in username:
            found[f"user:{username.casefold()}"] = None
    for mail in _MAIL.findall(notes):
        found[f"mail:{mail.casefold()}"] = None
    for written in _PHONE.findall(notes):
        if number := e164(written):
            found[f"phone:{number}"] = None
    words = words_of(name)
    if len(words) > 1:
        found[f"name:{' '.join(words)}"] = None
        found[f"like:{words[0][:_LIKE_CHARS]} {words[-1][:_LIKE_CHARS]}"] = None
    return list(found)[:MOST_KEYS]


def words_of(name: str) -> list[str]:
    """A name's words, folded and sorted: `Núñez, Ana` and `ana nunez` are the same."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(c))
    return sorted(word for word in re.findall(r"[^\W\d_]+", plain) if len(word) > 1)


def alike(name: str, other: str) -> bool:
    """Whether two full names are one, or one in another spelling. A single word is nobody's full name."""
    mine, theirs = words_of(name), words_of(other)
    if len(mine) < 2 or len(mine) != len(theirs):
        return False
    return SequenceMatcher(None, " ".join(mine), " ".join(theirs)).ratio() >= _ALIKE


def numbers_alike(mine: Sequence[str], theirs: Sequence[str]) -> bool:
    """Whether two different numbers have all but one digit in common, as when one was typed wrong."""
    return any(
        a != b and len(a) == len(b) and sum(x != y for x, y in zip(a, b, strict=True)) == 1
        for a in mine
        for b in theirs
    )
