"""
Translations: of single entries, of a whole conversation as it comes, and of an answer before it goes.

A translation belongs to its entry, one for each language, so it costs no reading, is there for all colleagues, and goes
wherever the entry's words go: into copies for the person, and away when they are erased. The original never changes; a
translation of words that were edited or deleted meanwhile is dropped.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from app.core.errors import Conflict, Invalid
from app.core.permissions import Actor
from app.core.queue import Lane
from app.core.runtime import Workspace
from channels.content import Buttons, Choice, LinkButton, List, MediaMessage, Template, Text
from crm import contacts
from inbox import contents, conversations, live, timeline
from inbox.answering import acts
from inbox.conversations import Conversation
from inbox.timeline import Entry, Translation
from inbox.translating import services, translator
from inbox.translating.services import Untranslated

MOST_CHARS = 10_000
# Of one entry; the oldest goes for a further one.
_MOST_LANGUAGES = 5
# What is there already when a conversation is switched to a language: its newest messages.
_CAUGHT_UP = 20
_LOOKED_AT = 50
# Seconds until the next try of what comes by itself.
WAITS = (5.0, 30.0, 120.0)
_DETECTED_FROM = 3
# Of a word or two a service says this today and that tomorrow.
_TELLING_CHARS = 12


@dataclass(frozen=True, slots=True)
class Composed:
    """An answer in the customer's language; `source` is the one it was written in, as the service says."""

    text: str
    into: str
    source: str | None


def words(entry: Entry) -> str:
    """What of an entry can be translated; empty for what has no words of anybody's."""
    if entry.kind != "message" or entry.deleted_at is not None or not entry.content:
        return ""
    match contents.parsed(entry.content):
        case Text(text=text) | Buttons(text=text) | List(text=text) | LinkButton(text=text):
            return text
        case MediaMessage(caption=caption):
            return caption or ""
        case Choice(title=title):
            return title
        case Template(preview=preview):
            return preview.body if preview else ""
        case _:
            return ""


async def of_entry(ws: Workspace, entry: Entry, into: str) -> Entry:
    """
    The entry with its translation into a language, made now if there is none, stored and told to every screen.

    Raises Untranslated, Invalid (no words, too many, no language), Conflict (its words have just changed).
    """
    into = services.small(into)
    if into in entry.translations:
        return entry
    text = words(entry)
    if not text.strip():
        raise Invalid.field("into", "This message has no words that could be translated.")
    made = await _translated(ws, text, into, field="into")
    translation = Translation(text=made.text, source=made.source, at=ws.clock.now())
    content = entry.content

    def how(now: Entry) -> Entry:
        if now.content != content or now.deleted_at is not None or into in now.translations:
            return now
        kept = sorted(now.translations.items(), key=lambda each: each[1].at)[-(_MOST_LANGUAGES - 1) :]
        return replace(now, translations={**dict(kept), into: translation})

    async with live.announced(ws, "entry", entry.id):
        entry, _ = await timeline.change(ws, entry, how)
        if into not in entry.translations:
            raise Conflict("The words of this message have just changed; translate it again.", code="words_changed")
        conversation = await conversations.get(ws, entry.conversation_id)
        if entry.direction == "in" and made.source and (not conversation.spoken or len(text) >= _TELLING_CHARS):
            conversation, _ = await _learn(ws, conversation, made.source)
        await live.tell_entry(ws, entry, conversation)
    return entry


async def _learn(ws: Workspace, conversation: Conversation, spoken: str) -> tuple[Conversation, bool]:
    return await conversations.change(
        ws, conversation, lambda now: now if now.spoken == spoken else replace(now, spoken=spoken)
    )


async def compose(ws: Workspace, conversation: Conversation, text: str, into: str | None) -> Composed:
    """
    What is about to be sent, in a language; None is the customer's. Nothing is stored or sent.

    Raises Untranslated, Invalid (too long, no such language, nobody knows the customer's).
    """
    wanted = services.small(into) if into else await _spoken(ws, conversation)
    made = await _translated(ws, text, wanted, field="text")
    return Composed(made.text, wanted, made.source)


async def _spoken(ws: Workspace, conversation: Conversation) -> str:
    """The customer's language: as their profile says, else as it was heard, else as their last messages tell now."""
    contact = await contacts.get(ws, conversation.contact_id)
    if contact.language or conversation.spoken:
        return services.small(contact.language or conversation.spoken or "")
    before = await timeline.page_before(ws, conversation.contact_id, conversation.last_number + 1, limit=_LOOKED_AT)
    said = [text for each in before if each.direction == "in" and (text := words(each))][-_DETECTED_FROM:]
    if not said:
        raise Invalid.field("into", "Nobody knows this person's language yet: choose one.")
    _, service = await translator.service_of(ws)
    heard = await service.detect("\n".join(said)[:MOST_CHARS])
    if not heard:
        raise Invalid.field("into", "The service does not recognise this person's language: choose one.")
    saved, changed = await _learn(ws, conversation, heard)
    if changed:
        await live.tell_conversations(ws, saved)
    return heard


async def _translated(ws: Workspace, text: str, into: str, *, field: str) -> services.Translated:
    """By the connected service; how it went is noted with it. What is in that language already stays as it is."""
    if len(text) > MOST_CHARS:
        raise Invalid.field(field, f"At most {MOST_CHARS:,} characters can be translated at once.")
    connected, service = await translator.service_of(ws)
    code = services.spoken(connected.languages, into)
    if code is None:
        raise Invalid.field("into", f"{connected.label} does not translate into this language; choose another one.")
    try:
        made = await service.translate(text, code)
    except Untranslated as error:
        if error.code != "translation_language":
            await translator.note(ws, connected, error.detail)
        raise
    await translator.note(ws, connected, "")
    if made.source and services.base(made.source) == services.base(into) and "-" not in into:
        return replace(made, text=text)
    return made


# --- whole conversations ------------------------------------------------------------------------------------------


async def follow(ws: Workspace, actor: Actor, conversation: Conversation, into: str | None) -> Conversation:
    """
    From now on what the customer writes here is translated as it comes, and their newest messages now; None ends it.

    Raises Untranslated, Invalid.
    """
    if into is not None:
        into = services.small(into)
        connected, _ = await translator.service_of(ws)
        if services.spoken(connected.languages, into) is None:
            raise Invalid.field("into", f"{connected.label} does not translate into this language; choose another one.")
    return await acts.translate(ws, actor, conversation, into)


async def catch_up(ws: Workspace, conversation_id: str) -> None:
    """The newest messages of a conversation that has been switched; the newest first."""
    conversation = await conversations.get(ws, conversation_id)
    into = conversation.translate_into
    if into is None:
        return
    before = await timeline.page_before(ws, conversation.contact_id, conversation.last_number + 1, limit=_LOOKED_AT)
    wanted = [each for each in before if each.direction == "in" and into not in each.translations and words(each)]
    for entry in reversed(wanted[-_CAUGHT_UP:]):
        if not await _by_itself(ws, entry, into):
            return


async def arrived(ws: Workspace, conversation: Conversation, entry: Entry) -> None:
    """Asks for the translation of a message where the conversation is translated."""
    if conversation.translate_into and words(entry):
        await ws.queue.enqueue("translate_entry", ws.id, entry.id, "0", lane=Lane.BACKGROUND)


async def translate_later(ws: Workspace, entry_id: str, attempt: int) -> None:
    """What `arrived` asked for; tried again a few times, and then left to whoever presses Translate."""
    entry = await timeline.find(ws, entry_id)
    if entry is None:
        return
    into = (await conversations.get(ws, entry.conversation_id)).translate_into
    if into is None or not words(entry) or await _by_itself(ws, entry, into) or attempt >= len(WAITS):
        return
    wait = WAITS[attempt]
    await ws.queue.enqueue(
        "translate_entry", ws.id, entry_id, str(attempt + 1), lane=Lane.BACKGROUND, delay_seconds=wait
    )


async def _by_itself(ws: Workspace, entry: Entry, into: str) -> bool:
    """False if it is worth another try."""
    try:
        await of_entry(ws, entry, into)
    except Untranslated as error:
        ws.log.warning("not_translated", entry_id=entry.id, code=error.code)
        return not error.retryable
    except (Conflict, Invalid) as error:
        ws.log.info("not_translated", entry_id=entry.id, code=error.code)
    return True
