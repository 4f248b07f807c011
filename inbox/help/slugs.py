"""The readable part of an address, made from a title."""

import re

from inbox.finding import words

MOST_CHARS = 80
_PARTS = re.compile(r"[^\W_]+")
_LATIN_PARTS = re.compile(r"[a-z0-9]+")


def slug_of(title: str, *, latin: bool = False) -> str:
    """Its words in small letters, joined by hyphens; every script has letters, unless only `latin` ones may stand."""
    # An apostrophe parts no word: "don't" is dont.
    folded = words.fold(title).replace("'", "")
    slug = ""
    for part in (_LATIN_PARTS if latin else _PARTS).findall(folded):
        longer = f"{slug}-{part}" if slug else str(part)
        if len(longer) > MOST_CHARS:
            break
        slug = longer
    return slug
