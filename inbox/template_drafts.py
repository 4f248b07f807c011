"""
Templates that are being written: kept here until they are submitted, alone or as another version of one that the
provider has.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from app.core import ids
from app.core.errors import Change, ChangedMeanwhile, Conflict, FieldError, Invalid, NotFound
from app.core.permissions import Actor
from app.core.runtime import Workspace
from channels import accounts, registry
from channels.contract import ChannelAccount, ProviderTemplate, WritesTemplates
from channels.errors import AccountError
from channels.template_drafts import Problem, TemplateDraft, files_of
from inbox import files, template_alarms, templates, usage
from inbox.store import template_drafts as store
from inbox.store import templates as template_rows
from inbox.templates import KeptTemplate

MOST = 1_000
# Providers take other words only for these.
CHANGEABLE = ("APPROVED", "REJECTED", "PAUSED")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptDraft:
    """`template_id`: it is to change this one, whose name and language it has."""

    id: str
    account_id: str
    draft: TemplateDraft
    template_id: str | None = None
    by_name: str
    created_at: datetime
    updated_at: datetime
    revision: int = 1


async def listed(ws: Workspace) -> list[KeptDraft]:
    """The newest first."""
    return sorted(await store.listed(ws), key=lambda kept: kept.updated_at, reverse=True)


async def get(ws: Workspace, draft_id: str) -> KeptDraft:
    """Raises NotFound."""
    kept = await store.get(ws, draft_id)
    if kept is None:
        raise NotFound("There is no such draft; perhaps a colleague has submitted it.")
    return kept


async def create(
    ws: Workspace, actor: Actor, account_id: str, draft: TemplateDraft, template_id: str | None
) -> KeptDraft:
    """Raises NotFound, Invalid (the account has no templates of its own), Conflict."""
    await _writer(ws, account_id)
    if template_id is not None:
        draft = _same(await _changeable(ws, account_id, template_id), draft)
    if len(await store.listed(ws)) >= MOST:
        raise Conflict(f"There are {MOST} drafts; submit or delete some first.")
    now = ws.clock.now()
    kept = KeptDraft(
        id=ids.new("tpd"),
        account_id=account_id,
        draft=draft,
        template_id=template_id,
        by_name=actor.name,
        created_at=now,
        updated_at=now,
    )
    await store.insert(ws, kept)
    return kept


async def change(ws: Workspace, actor: Actor, draft_id: str, draft: TemplateDraft, revision: int) -> KeptDraft:
    """Raises NotFound, ChangedMeanwhile."""
    before = await get(ws, draft_id)
    if before.template_id is not None:
        draft = replace_names(draft, before.draft)
    after = replace(before, draft=draft, by_name=actor.name, updated_at=ws.clock.now(), revision=revision + 1)
    if before.revision != revision or not await store.replace(ws, before, after):
        raise ChangedMeanwhile(
            f"{before.by_name} has changed this draft meanwhile; look at it again.", Change("template_draft")
        )
    return after


async def remove(ws: Workspace, draft_id: str) -> KeptDraft:
    """Raises NotFound."""
    kept = await get(ws, draft_id)
    await store.delete(ws, kept.id)
    return kept


def replace_names(draft: TemplateDraft, before: TemplateDraft) -> TemplateDraft:
    return draft.model_copy(update={"name": before.name, "language": before.language})


# --- how it stands ------------------------------------------------------------------------------------------------


async def problems(ws: Workspace, account_id: str, draft: TemplateDraft) -> Sequence[Problem]:
    """What the provider would refuse, and samples that are not there. Raises NotFound, Invalid."""
    _, adapter = await _writer(ws, account_id)
    found = list(adapter.template_problems(draft))
    stored = await files.known(ws, files_of(draft))
    for file_id in files_of(draft):
        if file_id not in stored:
            found.append(Problem(_place_of(draft, file_id), "This file is no longer there; choose it again."))
    return found


async def preview(ws: Workspace, account_id: str, draft: TemplateDraft) -> Mapping[str, Any]:
    """As the customer reads it, with the examples filled in. Raises NotFound, Invalid."""
    _, adapter = await _writer(ws, account_id)
    return reads(adapter, draft, ws.clock.now())


def reads(adapter: WritesTemplates, draft: TemplateDraft, now: datetime) -> Mapping[str, Any]:
    """The same without an account; an offer in it is one that begins now."""
    parameters = {
        "header": draft.header_examples,
        "header_file_id": (draft.header.file_id or draft.header.sample) if draft.header else None,
        "body": draft.examples if draft.category != "AUTHENTICATION" else {"1": "482913"},
        "buttons": {str(at): button.example for at, button in enumerate(draft.buttons)},
        "cards": [{"body": card.examples, "header_file_id": card.header.file_id} for card in draft.cards],
        "offer_ends_at": now if draft.offer else None,
    }
    shown = dict(adapter.preview_template(adapter.template_of(draft), parameters))
    if shown.get("offer"):
        shown["offer"] = {**shown["offer"], "ends_at": None}
    return shown


async def draft_of(ws: Workspace, kept: KeptTemplate) -> TemplateDraft | None:
    """What was submitted, to be changed or used again; None where it cannot be written here."""
    try:
        _, adapter = await _writer(ws, kept.account_id)
    except (NotFound, Invalid):
        return None
    return adapter.draft_of(kept.template)


# --- at the provider ----------------------------------------------------------------------------------------------


async def submit(ws: Workspace, draft_id: str) -> KeptTemplate:
    """
    Hand it to the provider, samples first; the draft is gone then. Raises NotFound, Invalid (with the fields at fault,
    ours or those that the provider names), Conflict.
    """
    kept = await get(ws, draft_id)
    wrong = await problems(ws, kept.account_id, kept.draft)
    if wrong:
        raise Invalid(
            f"{len(wrong)} things to put right before it can be submitted." if len(wrong) > 1 else wrong[0].message,
            errors=tuple(FieldError(f"draft.{each.field}", each.message) for each in wrong),
        )
    account, adapter = await _writer(ws, kept.account_id)
    before = await _changeable(ws, account.id, kept.template_id) if kept.template_id else None
    io, draft = accounts.io(ws.runtime), kept.draft
    begun_at = ws.clock.now()
    try:
        samples: dict[str, str] = {}
        for file_id in files_of(draft):
            samples[file_id] = await adapter.upload_sample(io, account, await files.outbound_by_id(ws, file_id))
        if before is not None:
            await adapter.change_template(io, account, before.template.external_id, draft, samples)
            external_id, status, category = before.template.external_id, "PENDING", str(draft.category)
        else:
            made = await adapter.create_template(io, account, draft, samples)
            external_id, status, category = made.external_id, made.status, made.category
    except AccountError as error:
        if error.field:
            raise Invalid.field(f"draft.{error.field}", str(error)) from None
        raise Invalid(str(error)) from None
    listed = adapter.template_of(_sampled(draft, samples))
    template = _with(listed, external_id=external_id, status=status, category=category)
    submitted = await templates.put(ws, account.id, template)
    await template_alarms.submitted(ws, submitted, since=begun_at)
    await store.delete(ws, kept.id)
    return await _known(ws, submitted.id)


async def delete(ws: Workspace, template_id: str, *, all_languages: bool) -> list[KeptTemplate]:
    """
    Delete at the provider, in one language or in all; what was deleted. Raises NotFound, Invalid (the provider's
    words), InUse.
    """
    kept = await _known(ws, template_id)
    gone = await template_rows.named(ws, kept.account_id, kept.template.name) if all_languages else [kept]
    for each in gone:
        uses = await usage.of(ws, "template", each.id)
        if uses:
            raise usage.InUse("template", uses)
    account, adapter = await _writer(ws, kept.account_id)
    one = None if all_languages else kept.template.external_id
    try:
        await adapter.delete_template(accounts.io(ws.runtime), account, kept.template.name, one)
    except AccountError as error:
        raise Invalid(str(error)) from None
    await template_rows.delete(ws, [each.id for each in gone])
    await templates.tell(ws, account.id)
    return gone


async def unpause(ws: Workspace, template_id: str) -> KeptTemplate:
    """Raises NotFound, Invalid (the provider's words)."""
    kept = await _known(ws, template_id)
    account, adapter = await _writer(ws, kept.account_id)
    try:
        await adapter.unpause_template(accounts.io(ws.runtime), account, kept.template.external_id)
    except AccountError as error:
        raise Invalid(str(error)) from None
    return await templates.put(ws, account.id, _with(kept.template, status="APPROVED"))


async def _writer(ws: Workspace, account_id: str) -> tuple[ChannelAccount, WritesTemplates]:
    account = accounts.channel_account(await accounts.row_of(ws, account_id))
    adapter = registry.adapter(account.kind)
    if not isinstance(adapter, WritesTemplates):
        raise Invalid.field("account_id", "This channel has no templates that are written here.")
    return account, adapter


async def _known(ws: Workspace, template_id: str) -> KeptTemplate:
    kept = await templates.get(ws, template_id)
    if kept is None:
        raise NotFound("There is no such template.")
    return kept


async def _changeable(ws: Workspace, account_id: str, template_id: str) -> KeptTemplate:
    kept = await _known(ws, template_id)
    if kept.account_id != account_id:
        raise Invalid.field("template_id", "This template belongs to another account.")
    if kept.template.status.upper() not in CHANGEABLE:
        raise Conflict(
            f"It is {kept.template.status.lower().replace('_', ' ')}: only an approved, rejected or paused template "
            "can be changed.",
            code="not_changeable",
        )
    return kept


def _same(kept: KeptTemplate, draft: TemplateDraft) -> TemplateDraft:
    return draft.model_copy(update={"name": kept.template.name, "language": kept.template.language})


def _place_of(draft: TemplateDraft, file_id: str) -> str:
    if draft.header and draft.header.file_id == file_id:
        return "header.file_id"
    return next(f"cards.{at}.header.file_id" for at, card in enumerate(draft.cards) if card.header.file_id == file_id)


def _sampled(draft: TemplateDraft, samples: Mapping[str, str]) -> TemplateDraft:
    """With the provider's handles in it, so that it can be changed without the files."""

    def with_sample(part: Any) -> Any:
        header = part.header
        if header is None or header.sample or header.file_id not in samples:
            return part
        return part.model_copy(update={"header": header.model_copy(update={"sample": samples[header.file_id]})})

    made: TemplateDraft = with_sample(draft)
    return made.model_copy(update={"cards": tuple(with_sample(card) for card in made.cards)})


def _with(template: ProviderTemplate, **changed: Any) -> ProviderTemplate:
    return replace(template, **changed)
