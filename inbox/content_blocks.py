"""
Content blocks: words kept once that stand in many content templates as `{{ block.hours }}`, in the language of the
wording that they stand in. Changed once, they are changed wherever they stand.

What was copied out of a content template, as into a broadcast, has the words of that moment: what was approved stays.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any, TypeVar

from pydantic import Field, ValidationError

from app.core import ids
from app.core.errors import Change, ChangedMeanwhile, Conflict, FieldError, Invalid, NotFound
from app.core.runtime import Workspace
from channels.content import Part, Text
from inbox import personalising, usage
from inbox.store import content_blocks as store

P = TypeVar("P", bound=Part)

MOST = 500
MAX_CHARS = 2_000
KEY = r"^[a-z][a-z0-9_]{0,39}$"
_STANDS = re.compile(r"\{\{-?\s*block\.([a-z][a-z0-9_]{0,39})\s*-?\}\}")


class BlockWording(Part):
    """What it says in one language; null is for everybody whose language has none."""

    language: Annotated[
        str | None, Field(min_length=2, max_length=20, pattern=r"^[A-Za-z]{2,3}([_-][A-Za-z0-9]{2,8})*$")
    ]
    text: Annotated[str, Field(max_length=MAX_CHARS)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentBlock:
    """`key` names it in texts, and never changes."""

    id: str
    key: str
    name: str
    wordings: tuple[BlockWording, ...]
    by_name: str
    updated_at: datetime
    revision: int = 0


# By key.
Blocks = Mapping[str, ContentBlock]


async def listed(ws: Workspace) -> list[ContentBlock]:
    """By name."""
    return sorted(await store.listed(ws), key=lambda kept: (kept.name.casefold(), kept.id))


async def known(ws: Workspace) -> Blocks:
    return {each.key: each for each in await store.listed(ws)}


async def get(ws: Workspace, block_id: str) -> ContentBlock:
    """Raises NotFound."""
    kept = await store.get(ws, block_id)
    if kept is None:
        raise NotFound("There is no such content block.")
    return kept


async def create(ws: Workspace, by_name: str, key: str, name: str, wordings: Sequence[BlockWording]) -> ContentBlock:
    """Raises Invalid, Conflict."""
    every = await store.listed(ws)
    if len(every) >= MOST:
        raise Conflict(f"There are {MOST} content blocks; delete some first.")
    if any(each.key == key for each in every):
        raise Invalid.field("key", "There is already a block with this key.")
    _require_right(name, wordings)
    kept = ContentBlock(
        # Two at once with one key: the second meets the id of the first.
        id=ids.derived("blk", ws.id, key),
        key=key,
        name=" ".join(name.split()),
        wordings=tuple(wordings),
        by_name=by_name,
        updated_at=ws.clock.now(),
        revision=1,
    )
    await store.insert(ws, kept)
    return kept


async def change(
    ws: Workspace, by_name: str, block_id: str, name: str, wordings: Sequence[BlockWording], revision: int
) -> ContentBlock:
    """Raises NotFound, Invalid, ChangedMeanwhile."""
    before = await get(ws, block_id)
    _require_right(name, wordings)
    after = replace(
        before,
        name=" ".join(name.split()),
        wordings=tuple(wordings),
        by_name=by_name,
        updated_at=ws.clock.now(),
        revision=before.revision + 1,
    )
    if before.revision != revision or not await store.replace(ws, before, after):
        raise ChangedMeanwhile(
            f"{before.by_name} has changed this content block meanwhile; look at it again.", Change("content_block")
        )
    return after


async def remove(ws: Workspace, block_id: str) -> ContentBlock:
    """Raises NotFound; usage.InUse, naming the content templates that it stands in."""
    kept = await get(ws, block_id)
    if uses := await usage.of(ws, "content_block", kept.key):
        raise usage.InUse("content block", uses)
    await store.delete(ws, kept.id)
    return kept


def named_in(part: Part) -> set[str]:
    """The keys of the blocks that stand in its texts."""
    return {key for text in _texts(part.model_dump()) for key in _STANDS.findall(text)}


def put_in(blocks: Blocks, part: P, language: str | None) -> P:
    """
    With the words of its blocks in this language; what is no block stays as it is, and is refused like any other
    unknown name. Raises Invalid where that becomes too long.
    """
    if not named_in(part):
        return part

    def words(found: re.Match[str]) -> str:
        block = blocks.get(found[1])
        return _in_language(block.wordings, language) if block else found[0]

    try:
        return type(part).model_validate(_said(part.model_dump(), words))
    except ValidationError as error:
        field = ".".join(str(each) for each in error.errors()[0]["loc"])
        raise Invalid.field(f"content.{field}", "With its blocks in it this is too long.") from None


def _in_language(wordings: Sequence[BlockWording], language: str | None) -> str:
    """Exactly in this language, in the language alone, else in the one for everybody, which there always is."""
    spoken = _plain(language)
    said = {_plain(each.language): each.text for each in wordings}
    return said.get(spoken) or said.get(spoken.partition("-")[0]) or said[""]


def _require_right(name: str, wordings: Sequence[BlockWording]) -> None:
    """Raises Invalid, naming each field."""
    wrong: list[FieldError] = []
    if not name.strip():
        wrong.append(FieldError("name", "Give it a name."))
    languages = [_plain(each.language) for each in wordings]
    if "" not in languages:
        wrong.append(
            FieldError("wordings", "One wording is for people of any other language: leave its language empty.")
        )
    for at, each in enumerate(wordings):
        if languages.index(languages[at]) != at:
            wrong.append(FieldError(f"wordings.{at}.language", "There is already a wording for this language."))
        if not each.text.strip():
            wrong.append(FieldError(f"wordings.{at}.text", "Write something here."))
        elif named_in(each):
            wrong.append(FieldError(f"wordings.{at}.text", "No block can stand in a block."))
        else:
            try:
                personalising.compiled(Text(text=each.text))
            except Invalid as error:
                wrong.append(FieldError(f"wordings.{at}.text", error.errors[0].message))
    if wrong:
        raise Invalid(wrong[0].message if len(wrong) == 1 else "Some fields are not right.", errors=tuple(wrong))


def _texts(value: Any) -> list[str]:
    match value:
        case str():
            return [value]
        case dict():
            return [text for each in value.values() for text in _texts(each)]
        case list() | tuple():
            return [text for each in value for text in _texts(each)]
        case _:
            return []


def _said(value: Any, words: Any) -> Any:
    match value:
        case str():
            return _STANDS.sub(words, value)
        case dict():
            return {name: _said(each, words) for name, each in value.items()}
        case list() | tuple():
            return tuple(_said(each, words) for each in value)
        case _:
            return value


def _plain(language: str | None) -> str:
    return (language or "").replace("_", "-").lower()
