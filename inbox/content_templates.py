"""
Content templates: contents kept to be sent to many on channels that ask nobody's approval, with Liquid in their texts
and a wording for some languages.

A broadcast begins with one; what is in it then is the broadcast's own. An agent sends one to one person, in that
person's language. What only answers questions is a canned reply (see answering/canned.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated

from pydantic import Field

from app.core import ids
from app.core.errors import Change, ChangedMeanwhile, Conflict, FieldError, Invalid, NotFound
from app.core.runtime import Workspace
from channels import registry
from channels.content import Buttons, Content, LinkButton, MediaMessage, Part, Text
from crm.contacts import Contact
from inbox import content_blocks, files, personalising
from inbox.answering import variables
from inbox.content_blocks import Blocks
from inbox.personalising import Filled
from inbox.store import content_templates as store
from inbox.usage import Use

MOST = 1_000
MOST_WORDINGS = 40
Sendable = Annotated[Text | MediaMessage | Buttons | LinkButton, Field(discriminator="type")]


class ContentWording(Part):
    """What it says in one language (`pt`, `pt-BR`); null is for everybody whose language has none."""

    language: Annotated[
        str | None, Field(min_length=2, max_length=20, pattern=r"^[A-Za-z]{2,3}([_-][A-Za-z0-9]{2,8})*$")
    ]
    content: Sendable


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentTemplate:
    """`channels` empty: for any that can show it."""

    id: str
    name: str
    channels: tuple[str, ...]
    wordings: tuple[ContentWording, ...]
    by_name: str
    updated_at: datetime
    revision: int = 0


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a member wants it to be."""

    name: str
    channels: tuple[str, ...]
    wordings: tuple[ContentWording, ...]


async def listed(ws: Workspace) -> list[ContentTemplate]:
    """By name."""
    return sorted(await store.listed(ws), key=lambda kept: (kept.name.casefold(), kept.id))


async def get(ws: Workspace, template_id: str) -> ContentTemplate:
    """Raises NotFound."""
    kept = await store.get(ws, template_id)
    if kept is None:
        raise NotFound("There is no such content template.")
    return kept


async def create(ws: Workspace, by_name: str, wanted: Wanted) -> ContentTemplate:
    """Raises Invalid, Conflict."""
    if len(await store.listed(ws)) >= MOST:
        raise Conflict(f"There are {MOST} content templates; delete some first.")
    kept = await _with(
        ws,
        ContentTemplate(
            id=ids.new("ctp"), name="", channels=(), wordings=(), by_name=by_name, updated_at=ws.clock.now()
        ),
        wanted,
    )
    await store.insert(ws, kept)
    return kept


async def change(ws: Workspace, by_name: str, template_id: str, wanted: Wanted, revision: int) -> ContentTemplate:
    """Raises NotFound, Invalid, Conflict, ChangedMeanwhile."""
    before = await get(ws, template_id)
    after = replace(await _with(ws, before, wanted), by_name=by_name)
    if before.revision != revision or not await store.replace(ws, before, after):
        raise ChangedMeanwhile(
            f"{before.by_name} has changed this content template meanwhile; look at it again.",
            Change("content_template"),
        )
    return after


async def uses_of_blocks(ws: Workspace) -> dict[str, list[Use]]:
    """The content templates that each content block stands in, by its key."""
    found: dict[str, list[Use]] = {}
    for kept in await listed(ws):
        for key in sorted({key for wording in kept.wordings for key in content_blocks.named_in(wording.content)}):
            found.setdefault(key, []).append(Use("content_template", kept.id, kept.name))
    return found


async def using_block(ws: Workspace, key: str) -> list[Use]:
    return (await uses_of_blocks(ws)).get(key, [])


async def remove(ws: Workspace, template_id: str) -> ContentTemplate:
    """Raises NotFound."""
    kept = await get(ws, template_id)
    await store.delete(ws, kept.id)
    return kept


def with_blocks(blocks: Blocks, wordings: Sequence[ContentWording]) -> tuple[ContentWording, ...]:
    """As they go out, but for values of a person; one that has become too long by its blocks stays as it is written."""
    found: list[ContentWording] = []
    for each in wordings:
        try:
            content = content_blocks.put_in(blocks, each.content, each.language)
        except Invalid:
            content = each.content
        found.append(each.model_copy(update={"content": content}))
    return tuple(found)


def wording_for(wordings: Sequence[ContentWording], language: str | None) -> ContentWording:
    """
    By the person's language: exactly it (`pt-BR`), the language alone (`pt`), another region's, else the one for
    everybody, which there always is.
    """
    spoken = _plain(language)
    alone = spoken.partition("-")[0]
    said = {_plain(each.language): each for each in wordings}
    near = next((each for key, each in said.items() if spoken and key.partition("-")[0] == alone), None)
    return said.get(spoken) or said.get(alone) or near or said[""]


def in_language(wordings: Sequence[ContentWording], language: str) -> ContentWording:
    """The one in exactly this language; "" is the one for everybody. Raises Invalid."""
    said = {_plain(each.language): each for each in wordings}
    if _plain(language) not in said:
        raise Invalid.field("language", "There is no wording in this language.")
    return said[_plain(language)]


async def filled(
    ws: Workspace, wording: ContentWording, contact: Contact | None, instead: Mapping[str, str] | None = None
) -> Filled:
    """
    As this person would get it, or (None) as an invented one. `instead` are values for what is not known of them.
    Raises Invalid.
    """
    content = content_blocks.put_in(await content_blocks.known(ws), wording.content, wording.language)
    compiled = personalising.compiled(content, instead)
    if contact is not None:
        return compiled.fill((await personalising.facts(ws, [contact], compiled.needs))[contact.id])
    return compiled.fill(await _example(ws))


async def _example(ws: Workspace) -> dict[str, str]:
    """What is known of somebody invented."""
    own = await variables.own(ws)
    return {each.name: each.example for each in (*variables.CATALOGUE, *own)}


async def problems(ws: Workspace, wanted: Wanted) -> list[FieldError]:
    """Everything that is wrong with it, by field."""
    found: list[FieldError] = []
    if not wanted.name.strip():
        found.append(FieldError("name", "Give it a name."))
    for at, channel in enumerate(wanted.channels):
        if channel not in registry.adapters():
            found.append(FieldError(f"channels.{at}", "There is no such channel."))
    blocks = await content_blocks.known(ws)
    example = await _example(ws)
    languages = [_plain(each.language) for each in wanted.wordings]
    if "" not in languages:
        found.append(
            FieldError("wordings", "One wording is for people of any other language: leave its language empty.")
        )
    for at, wording in enumerate(wanted.wordings):
        if languages.index(languages[at]) != at:
            found.append(FieldError(f"wordings.{at}.language", "There is already a wording for this language."))
        try:
            content = content_blocks.put_in(blocks, wording.content, wording.language)
            # Written once for somebody invented: what never ends, or divides by nothing, shows here.
            personalising.compiled(content).fill(example)
            found += [FieldError(f"wordings.{at}.{field}", words) for field, words in _unfit(wanted, content)]
        except Invalid as error:
            found += [FieldError(f"wordings.{at}.{each.field}", each.message) for each in error.errors]
        if not (isinstance(wording.content, MediaMessage) or wording.content.text.strip()):
            found.append(FieldError(f"wordings.{at}.content.text", "Write something here."))
        media = wording.content.media if isinstance(wording.content, MediaMessage) else None
        if media and not (media.file_id and await files.known(ws, [media.file_id])):
            found.append(FieldError(f"wordings.{at}.content.media", "Choose a file."))
    return found


def _unfit(wanted: Wanted, content: Content) -> list[tuple[str, str]]:
    """What a channel that it is for cannot show, by the channel's own figures."""
    found: list[tuple[str, str]] = []
    for kind in wanted.channels:
        adapter = registry.adapters().get(kind)
        if adapter is None:
            continue
        can = adapter.capabilities(None)
        match content:
            case Text(text=text) if len(text) > can.max_text_chars:
                found.append(("content.text", f"{adapter.label} takes {can.max_text_chars} characters."))
            case MediaMessage(media=media) if media.kind not in can.media:
                found.append(("content.media", f"{adapter.label} cannot show this kind of file."))
            case MediaMessage(caption=caption) if len(caption or "") > can.max_caption_chars:
                found.append(("content.caption", f"{adapter.label} takes {can.max_caption_chars} characters here."))
            case Buttons() if can.buttons == "none":
                found.append(("content.buttons", f"{adapter.label} has no buttons."))
    return found


async def _with(ws: Workspace, kept: ContentTemplate, wanted: Wanted) -> ContentTemplate:
    """Raises Invalid, naming each field."""
    wrong = await problems(ws, wanted)
    if wrong:
        raise Invalid(wrong[0].message if len(wrong) == 1 else "Some fields are not right.", errors=tuple(wrong))
    return replace(
        kept,
        name=" ".join(wanted.name.split()),
        channels=tuple(dict.fromkeys(wanted.channels)),
        wordings=tuple([await _whole(ws, each) for each in wanted.wordings]),
        updated_at=ws.clock.now(),
        revision=kept.revision + 1,
    )


async def _whole(ws: Workspace, wording: ContentWording) -> ContentWording:
    """With what the server knows of a file."""
    content = wording.content
    if not isinstance(content, MediaMessage):
        return wording
    media = await files.media_of(ws, content.media.file_id or "")
    return wording.model_copy(update={"content": content.model_copy(update={"media": media})})


def _plain(language: str | None) -> str:
    return (language or "").replace("_", "-").lower()
