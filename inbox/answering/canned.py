"""
Canned replies: texts kept for what is asked every day, with variables, files, and variants by language and channel.

One is found by its shortcut (`/refund`). It belongs to everyone, or to the member who made it for themselves. What is
inserted is the variant that suits the customer's language and the channel of the answer best.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.core import ids
from app.core.errors import Change, ChangedMeanwhile, Conflict, Forbidden, Invalid, NotFound
from app.core.permissions import Actor, Permission
from app.core.runtime import Workspace
from channels import registry
from crm import contacts
from inbox import files
from inbox.answering import variables
from inbox.answering.kept import Kept
from inbox.answering.variables import Rendered
from inbox.conversations import Conversation
from inbox.files import StoredFile
from inbox.store import canned as store

MOST = 2_000
MOST_VARIANTS = 40
MOST_FILES = 10
_SHORTCUT = re.compile(r"[^\s/\x00-\x1f]{1,40}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """A text for one language, one channel, or both; None is any. The first of a reply is for any of both."""

    text: str
    language: str | None = None
    channel: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CannedReply(Kept):
    """Used when it is put into an answer."""

    shortcut: str
    title: str
    variants: tuple[Variant, ...]
    file_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """What a member wants it to be."""

    shortcut: str
    title: str
    variants: tuple[Variant, ...]
    file_ids: tuple[str, ...]
    shared: bool


@dataclass(frozen=True, slots=True)
class Filled:
    """A canned reply as it goes into an answer: which variant was chosen, its text, and its files."""

    variant: Variant
    rendered: Rendered
    files: tuple[StoredFile, ...]


async def listed(ws: Workspace, actor: Actor) -> list[CannedReply]:
    """Everyone's and the member's own, by shortcut."""
    found = [*await store.of_owner(ws, None), *await store.of_owner(ws, actor.member_id)]
    return sorted(found, key=lambda reply: (reply.shortcut, reply.owner_id or ""))


async def get(ws: Workspace, actor: Actor, reply_id: str) -> CannedReply:
    """Raises NotFound, also where it is somebody else's own."""
    reply = await store.get(ws, reply_id)
    if reply is None or reply.owner_id not in (None, actor.member_id):
        raise NotFound("There is no such canned reply.")
    return reply


async def create(ws: Workspace, actor: Actor, draft: Draft) -> CannedReply:
    """Raises Invalid, Forbidden (for everyone: who manages the inbox), Conflict (the shortcut is taken)."""
    _require(actor, shared=draft.shared)
    if len(await listed(ws, actor)) >= MOST:
        raise Conflict(f"There are {MOST} canned replies; delete some first.")
    now = ws.clock.now()
    reply = CannedReply(
        id=ids.new("can"), shortcut="", title="", variants=(), created_at=now, updated_at=now, revision=0
    )
    reply = await _with(ws, actor, reply, draft)
    if not await store.insert(ws, reply):
        raise _taken(reply)
    return reply


async def change(ws: Workspace, actor: Actor, reply_id: str, draft: Draft, revision: int | None) -> CannedReply:
    """Raises NotFound, Invalid, Forbidden, and Conflict: the shortcut is taken, or somebody was faster."""
    before = await get(ws, actor, reply_id)
    _require(actor, shared=before.owner_id is None)
    _require(actor, shared=draft.shared)
    if revision is not None and revision != before.revision:
        raise _changed()
    after = await _with(ws, actor, before, draft)
    saved = await store.replace(ws, before, after)
    if saved is None:
        raise _taken(after)
    if not saved:
        raise _changed()
    return after


async def remove(ws: Workspace, actor: Actor, reply_id: str) -> CannedReply:
    """What was removed. Raises NotFound, Forbidden."""
    reply = await get(ws, actor, reply_id)
    _require(actor, shared=reply.owner_id is None)
    await store.delete(ws, reply.id)
    return reply


async def filled(
    ws: Workspace, reply: CannedReply, conversation: Conversation, *, agent_name: str, account_id: str | None = None
) -> Filled:
    """The reply for this conversation, answered on this account (None: where the customer last wrote)."""
    contact = await contacts.get(ws, conversation.contact_id)
    variant = best(reply.variants, contact.language, await _channel(ws, conversation, account_id))
    values = await variables.values(ws, conversation, agent_name=agent_name, account_id=account_id)
    rendered = variables.render(variant.text, values)
    stored = await files.known(ws, reply.file_ids)
    # What is no longer stored is left out.
    return Filled(variant, rendered, tuple(stored[file_id] for file_id in reply.file_ids if file_id in stored))


async def count_use(ws: Workspace, reply: CannedReply) -> None:
    await store.count_use(ws, reply.id, ws.clock.now())


def best(variants: Sequence[Variant], language: str | None, channel: str | None) -> Variant:
    """
    The variant that suits: never one for another language or channel; the language counts more than the channel, and
    `pt-br` is better served by `pt` than by none.
    """
    spoken = _normal(language)

    def fit(variant: Variant) -> tuple[int, int] | None:
        tongue = 0
        if variant.language is not None:
            if spoken == variant.language:
                tongue = 3
            elif spoken.partition("-")[0] == variant.language:
                tongue = 2
            elif spoken and variant.language.partition("-")[0] == spoken.partition("-")[0]:
                tongue = 1
            else:
                return None
        if variant.channel not in (None, channel):
            return None
        return tongue, int(variant.channel is not None)

    chosen, chosen_fit = variants[0], (-1, -1)
    for variant in variants:
        fits = fit(variant)
        if fits is not None and fits > chosen_fit:
            chosen, chosen_fit = variant, fits
    return chosen


async def _channel(ws: Workspace, conversation: Conversation, account_id: str | None) -> str | None:
    wanted = account_id or (conversation.reach[0].account_id if conversation.reach else None)
    return next((row.kind for row in await ws.runtime.accounts.of_workspace(ws.id) if row.id == wanted), None)


async def _with(ws: Workspace, actor: Actor, reply: CannedReply, draft: Draft) -> CannedReply:
    """The reply as the draft wants it. Raises Invalid."""
    shortcut = draft.shortcut.strip().removeprefix("/").lower()
    if not _SHORTCUT.fullmatch(shortcut):
        raise Invalid.field("shortcut", "Write a shortcut of 1 to 40 characters, without spaces.")
    variants = tuple(replace(v, text=v.text.strip(), language=_normal(v.language) or None) for v in draft.variants)
    if (variants[0].language, variants[0].channel) != (None, None):
        raise Invalid.field("variants.0", "The first text is the one for all languages and channels.")
    seen: set[tuple[str | None, str | None]] = set()
    for number, variant in enumerate(variants):
        field = f"variants.{number}"
        if (variant.language, variant.channel) in seen:
            raise Invalid.field(field, "There is already a text for this language and channel.")
        seen.add((variant.language, variant.channel))
        if variant.language is not None and not _LANGUAGE.fullmatch(variant.language):
            raise Invalid.field(f"{field}.language", "Write a language as its code, such as fr or pt-br.")
        if variant.channel is not None and variant.channel not in registry.adapters():
            raise Invalid.field(f"{field}.channel", "There is no such channel.")
        if not variant.text and not draft.file_ids:
            raise Invalid.field(f"{field}.text", "Write a text, or attach a file.")
        variables.check(variant.text, field=f"{field}.text")
    stored = await files.known(ws, draft.file_ids)
    for number, file_id in enumerate(draft.file_ids):
        if file_id not in stored:
            raise Invalid.field(f"file_ids.{number}", "There is no such file.")
    return replace(
        reply,
        shortcut=shortcut,
        title=" ".join(draft.title.split()) or shortcut,
        variants=variants,
        file_ids=draft.file_ids,
        owner_id=None if draft.shared else actor.member_id,
        updated_at=ws.clock.now(),
        revision=reply.revision + 1,
    )


def _require(actor: Actor, *, shared: bool) -> None:
    """Raises Forbidden."""
    if shared and not actor.may(Permission.INBOX_MANAGE):
        raise Forbidden("Canned replies for everyone are kept by supervisors; you can make one for yourself.")


def _taken(reply: CannedReply) -> Conflict:
    return Conflict(f"There is already a canned reply /{reply.shortcut}.", code="shortcut_taken")


def _changed() -> ChangedMeanwhile:
    return ChangedMeanwhile(
        "A colleague has changed this canned reply meanwhile; look at it again.", Change("canned_reply")
    )


def _normal(language: str | None) -> str:
    return (language or "").strip().lower().replace("_", "-")
