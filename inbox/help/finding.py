"""
Search over articles: by their words in their own language, the best first, and shown with the place where they stand.

A word is looked up as one token behind the shelf and the language that are searched, so a reader's search never comes
upon what is not theirs, and each lookup is one bounded read. A word that stands in many articles says little and counts
little; one in a title counts more. The last word may still be being typed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import sqrt

from app.core.mongo import Document
from app.core.runtime import Workspace
from inbox.finding import words
from inbox.help import articles, languages, markdown
from inbox.store import articles as store

# What customers read, and what colleagues read.
PUBLIC: tuple[articles.Shelf, ...] = ("public",)
COLLEAGUES: tuple[articles.Shelf, ...] = ("public", "internal")
EVERYWHERE: tuple[articles.Shelf, ...] = ("public", "internal", "draft", "archived")

_MOST_WORDS = 10
_MOST_READ = 200
# Different words of a text that it is found by.
_MOST_TOKENS = 800
_FEWEST_PREFIX, _MOST_PREFIX = 2, 6
_TITLE = 3.0
_BEGUN = 0.6
# Of the words that say something, so many must stand in an article.
_SHARE = 0.5
_EXCERPT_CHARS = 180


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """What lists show of an article."""

    id: str
    number: int
    category_id: str | None
    position: int
    texts: tuple[articles.Text, ...]
    updated_at: datetime

    def text(self, language: str) -> articles.Text | None:
        return next((text for text in self.texts if text.language == language and text.ready), None)


@dataclass(frozen=True, slots=True)
class Marked:
    """A text in one line, and where in it the words stand that were searched for."""

    text: str
    marks: list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Hit:
    """An article in the language that was searched."""

    article: articles.Article
    text: articles.Text
    title: Marked
    excerpt: Marked


@dataclass(frozen=True, slots=True)
class _Sought:
    """A word as it is looked up: its token, or (of the last one) how it begins."""

    token: str
    begun: str = ""


async def find(
    ws: Workspace, sought: str, *, shelves: Sequence[articles.Shelf], language: str, limit: int, typing: bool = True
) -> list[Hit]:
    """The best first; nothing when no word says anything. `typing`: the last word may go on."""
    wanted = _wanted(sought, language, typing=typing)
    if not wanted:
        return []
    scores: dict[str, float] = {}
    matched: dict[str, int] = {}
    for word in await asyncio.gather(*(_holding(ws, word, shelves, language) for word in wanted)):
        for article_id, weight in word.items():
            scores[article_id] = scores.get(article_id, 0.0) + weight
            matched[article_id] = matched.get(article_id, 0) + 1
    fitting = [each for each in scores if matched[each] >= _SHARE * len(wanted)]
    ranked = sorted(fitting, key=lambda each: (-matched[each], -scores[each], each))[:limit]
    known = {article.id: article for article in await store.get_many(ws, ranked)}
    hits = (_hit(known[each], language, wanted) for each in ranked if each in known)
    return [hit for hit in hits if hit is not None and hit.article.shelf in shelves]


def tokens_of(article: articles.Article) -> tuple[list[str], list[str]]:
    """What an article is found by, and those of it that stand in a title."""
    every: dict[str, None] = {}
    titles: dict[str, None] = {}
    for text in article.texts:
        shelf: articles.Shelf = article.shelf if text.ready else "draft"
        latin = languages.stemmer_of(text.language)
        before = len(every)
        for token in _found_by(text.title, latin, shelf, text.language):
            every[token] = titles[token] = None
        for token in _found_by(markdown.line(text.body), latin, shelf, text.language):
            if len(every) - before >= _MOST_TOKENS * (_MOST_PREFIX - _FEWEST_PREFIX):
                break
            every[token] = None
    return list(every), list(titles)


def summary(text: articles.Text) -> str:
    """What an article is about, in a sentence or two: how it begins."""
    return words.cut(markdown.line(text.body), [], chars=_EXCERPT_CHARS)[0]


def shows(article: articles.Article, file_id: str) -> bool:
    """Whether the file is a picture in a text of it that may be read."""
    return any(text.ready and file_id in markdown.files_of(text.body) for text in article.texts)


def listed(row: Document) -> Listed:
    return Listed(
        id=row["_id"],
        number=row["number"],
        category_id=row.get("category_id"),
        position=row["position"],
        texts=tuple(articles.Text(**text) for text in row["texts"]),
        updated_at=row["updated_at"],
    )


def _found_by(text: str, latin: str, shelf: articles.Shelf, language: str) -> Iterator[str]:
    for word in words.words(text, latin):
        for token in word.tokens:
            yield f"{shelf}|{language}|{token}"
        folded = words.fold(text[word.start : word.end])
        for chars in range(_FEWEST_PREFIX, min(len(folded), _MOST_PREFIX) + 1):
            yield f"{shelf}|{language}^{folded[:chars]}"


def _wanted(sought: str, language: str, *, typing: bool) -> list[_Sought]:
    """The words that say something; all of them where none does."""
    latin = languages.stemmer_of(language)
    every = [(words.fold(sought[word.start : word.end]), word.tokens[0]) for word in words.words(sought, latin)]
    telling = [each for each in every if not languages.says_nothing(each[0], language)] or every
    last = every[-1] if every and typing else None
    found: dict[str, _Sought] = {}
    for folded, token in telling[: _MOST_WORDS - 1] + ([last] if last in telling else []):
        begins = folded if (folded, token) == last and len(folded) >= _FEWEST_PREFIX else ""
        found[token] = _Sought(token, begins)
    return list(found.values())


async def _holding(ws: Workspace, word: _Sought, shelves: Sequence[articles.Shelf], language: str) -> dict[str, float]:
    """Articles with this word, each with what that is worth."""
    begins = f"{language}^{word.begun[:_MOST_PREFIX]}"
    names = [(f"{shelf}|{language}|{word.token}", 1.0) for shelf in shelves]
    names += [(f"{shelf}|{begins}", _BEGUN) for shelf in shelves if word.begun]
    found: dict[str, float] = {}
    for (token, worth), read in zip(
        names, await asyncio.gather(*(store.with_token(ws, token, limit=_MOST_READ) for token, _ in names)), strict=True
    ):
        for row in read:
            weight = worth * (_TITLE if token in row["titles"] else 1.0) / sqrt(len(read))
            found[row["_id"]] = max(found.get(row["_id"], 0.0), weight)
    return found


def _hit(article: articles.Article, language: str, wanted: Sequence[_Sought]) -> Hit | None:
    text = next((each for each in article.texts if each.language == language), None)
    if text is None:
        return None
    line = markdown.line(text.body)
    excerpt = words.cut(line, _marks(line, language, wanted), chars=_EXCERPT_CHARS)
    return Hit(article, text, Marked(text.title, _marks(text.title, language, wanted)), Marked(*excerpt))


def _marks(line: str, language: str, wanted: Sequence[_Sought]) -> list[tuple[int, int]]:
    exact = frozenset(word.token for word in wanted)
    begun = tuple(word.begun for word in wanted if word.begun)
    return [
        (word.start, word.end)
        for word in words.words(line, languages.stemmer_of(language))
        if exact.intersection(word.tokens) or (begun and words.fold(line[word.start : word.end]).startswith(begun))
    ]
