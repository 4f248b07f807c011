"""
Words of a text as they are searched for: case and accents folded, stemmed by the language of their script, long numbers
also by their last digits.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from threading import local

from snowballstemmer import stemmer

from app.core.addresses import bare_digits

# A text is found by so many different words; the rest of a very long one is not indexed.
MOST = 100
_MOST_CHARS = 40
# Signs that go on with a letter: accents that are written apart, vowels of Hindi, Arabic, Hebrew, Thai … Python's \w
# knows none of them.
_SIGNS = "".join(c for c in map(chr, range(0x0300, 0x10000)) if unicodedata.category(c) in ("Mn", "Mc"))
_LETTERS = rf"(?:[^\W_][{_SIGNS}]*)+"
_WORD = re.compile(rf"{_LETTERS}(?:['’]{_LETTERS})*")
# A phone number as people write it: groups of digits with spaces, hyphens, dots or brackets between them.
_NUMBER = re.compile(r"(?<![\w+])\+?\(?\d[\d().\-/ \u00a0\u2010-\u2015]*\d")
_PHONE_DIGITS = range(7, 16)
_LONG_NUMBER = 6
_LAST_DIGITS = 4

# The language that a script is taken for; Latin letters are a workspace's own question.
_BY_SCRIPT = (
    ("CYRILLIC", "russian"),
    ("GREEK", "greek"),
    ("ARABIC", "arabic"),
    ("DEVANAGARI", "hindi"),
    ("TAMIL", "tamil"),
    ("ARMENIAN", "armenian"),
)
_LATIN = "english"
_stemmers = local()


@dataclass(frozen=True, slots=True)
class Word:
    """A word as it stands in a text, from `start` to `end`, and the tokens it is found by."""

    start: int
    end: int
    tokens: tuple[str, ...]


def words(text: str, latin: str = _LATIN) -> Iterator[Word]:
    """`latin` is the language that words in Latin letters are taken for; none leaves them as they are."""
    for match in _WORD.finditer(text):
        yield Word(match.start(), match.end(), tokens_of(match.group(), latin))


def numbers(text: str) -> Iterator[tuple[int, int, str]]:
    """From where to where phone numbers stand in a text, and their digits without zeros in front."""
    for match in _NUMBER.finditer(text):
        digits = bare_digits(match.group())
        if len(digits) in _PHONE_DIGITS:
            yield match.start(), match.end(), digits


def tokens(*texts: str) -> list[str]:
    """Each once, in the order in which they first occur; of phone numbers also the last digits."""
    found: dict[str, None] = {}
    for text in texts:
        found |= dict.fromkeys(last_of(digits) for _, _, digits in numbers(text))
        for word in words(text):
            for token in word.tokens:
                found[token] = None
            if len(found) >= MOST:
                return list(found)[:MOST]
    return list(found)


def last_of(digits: str) -> str:
    """What a number is found by, whatever stands before it in another notation."""
    return digits[-_LAST_DIGITS:]


def wanted(text: str) -> list[str]:
    """What a searcher's words come to: one token for each word."""
    return list(dict.fromkeys(word.tokens[0] for word in words(text)))


@lru_cache(maxsize=20_000)
def tokens_of(word: str, latin: str = _LATIN) -> tuple[str, ...]:
    folded = fold(word)[:_MOST_CHARS]
    if folded.isdigit():
        return (folded, last_of(folded)) if len(folded) > _LONG_NUMBER else (folded,)
    return (_stem(folded, _language(word, latin)),)


def fold(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.casefold().replace("’", "'"))
    return unicodedata.normalize("NFC", "".join(c for c in plain if not unicodedata.combining(c)))


def _language(word: str, latin: str) -> str:
    name = unicodedata.name(word[0], "")
    return next((language for script, language in _BY_SCRIPT if name.startswith(script)), latin)


def _stem(word: str, language: str) -> str:
    if not language:
        return word
    # A stemmer keeps the word it works on in itself, so each thread has its own.
    known: dict[str, object] = _stemmers.__dict__.setdefault("by_language", {})
    found = known.get(language)
    if found is None:
        found = known[language] = stemmer(language)
    stemmed: str = found.stemWord(word)  # type: ignore[attr-defined]
    return stemmed or word


def marks(text: str, sought: Sequence[str]) -> list[tuple[int, int]]:
    """Where the words that were searched for stand in a text."""
    every = frozenset(sought)
    return [(word.start, word.end) for word in words(text) if every.intersection(word.tokens)]


def excerpt(text: str, sought: Sequence[str], *, chars: int) -> tuple[str, list[tuple[int, int]]]:
    """The part of a text around the first word that was searched for, in one line, and where such words stand in it."""
    line = " ".join(text.split())
    return cut(line, marks(line, sought), chars=chars)


def excerpt_of_number(text: str, sought: str, *, chars: int) -> tuple[str, list[tuple[int, int]]] | None:
    """The part of a text around a phone number, and where it stands; None where it does not occur, in any notation."""
    line = " ".join(text.split())
    places = [(start, end) for start, end, digits in numbers(line) if _is_same(digits, sought)]
    return cut(line, places, chars=chars) if places else None


def _is_same(one: str, other: str) -> bool:
    """Whether one of two numbers is the other, perhaps without its country."""
    return one.endswith(other) or other.endswith(one)


def cut(line: str, found: Sequence[tuple[int, int]], *, chars: int) -> tuple[str, list[tuple[int, int]]]:
    """The part of a line around the first of these places, and those of them that stand in it."""
    begin = max(0, (found[0][0] if found else 0) - chars // 3)
    if begin:
        # At a word's beginning, unless that word is so long (an address of a page) that the place would be cut off.
        at_word = line.rfind(" ", 0, begin + 1) + 1
        begin = at_word if begin - at_word <= chars // 3 else begin
    end = min(len(line), begin + chars)
    before, after = "…" if begin else "", "…" if end < len(line) else ""
    shift = len(before) - begin
    inside = [(start + shift, stop + shift) for start, stop in found if begin <= start and stop <= end]
    return f"{before}{line[begin:end]}{after}", inside
