"""Templates: approved texts as the provider lists them, kept here so that they can be picked, previewed and filled."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, cast

from app.core import ids
from app.core.errors import Invalid
from app.core.queue import Lane
from app.core.runtime import Runtime, Workspace
from channels import accounts, registry
from channels.content import MediaKind, Template, TemplatePreview
from channels.contract import ChannelAccount, ManagesTemplates, ProviderTemplate
from channels.errors import AccountError
from inbox import live
from inbox.store import templates as store

_FILES = ("image", "video", "document")
_PLACE = ("latitude", "longitude", "name", "address")
_VARIABLE = re.compile(r"\{\{\s*([A-Za-z0-9_]+)\s*\}\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateVariable:
    """
    A value that a template asks for, with the example given for review; `index` is a button's, `card` the place of the
    card in a carousel. A file is an `image`, `video` or `document` at the head; an offer ends at a time.
    """

    where: Literal["header", "body", "button", "file", "offer"]
    key: str
    index: int | None = None
    card: int | None = None
    example: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptTemplate:
    """
    A template of one account, as last synced. `alarm` is what happened to it and nobody has said to have seen.
    """

    id: str
    account_id: str
    template: ProviderTemplate
    alarm: "Alarm | None" = None


@dataclass(frozen=True, slots=True)
class Alarm:
    """`change` as TemplateChanged has it: `paused`, `rejected`, `quality_red`, `category_marketing`."""

    change: str
    detail: str
    at: datetime


def id_for(account_id: str, name: str, language: str) -> str:
    return ids.derived("tpl", account_id, name, language.replace("-", "_"))


async def sync(runtime: Runtime, account_id: str) -> int:
    """Fetch the account's templates and keep them; how many there are. Raises Invalid with the provider's words."""
    account = await accounts.get(runtime, account_id)
    adapter = registry.adapter(account.kind)
    if not isinstance(adapter, ManagesTemplates):
        return 0
    ws = runtime.workspace(account.workspace_id)
    begun = ws.clock.now()
    try:
        listed = await adapter.list_templates(accounts.io(runtime), account)
    except AccountError as error:
        raise Invalid(str(error)) from None
    kept = [
        KeptTemplate(id=id_for(account_id, found.name, found.language), account_id=account_id, template=found)
        for found in listed
    ]
    await store.replace_all(ws, account_id, kept, fetched_at=begun)
    await tell(ws, account_id)
    return len(kept)


async def of_account(ws: Workspace, account_id: str | None) -> list[KeptTemplate]:
    """All templates kept of an account, or of all accounts, by name."""
    return await store.listed(ws, account_id)


async def get(ws: Workspace, template_id: str) -> KeptTemplate | None:
    return await store.get(ws, template_id)


async def find(ws: Workspace, account_id: str, name: str, language: str) -> KeptTemplate | None:
    return await store.get(ws, id_for(account_id, name, language))


async def put(ws: Workspace, account_id: str, template: ProviderTemplate) -> KeptTemplate:
    """
    One that was just submitted. It is fetched once more behind that: a review may be over, and told, before the answer
    to the submission is stored.
    """
    kept = KeptTemplate(
        id=id_for(account_id, template.name, template.language), account_id=account_id, template=template
    )
    await store.put(ws, kept, at=ws.clock.now())
    await tell(ws, account_id)
    # Without an id of its own: one that runs already may have asked before this.
    await ws.queue.enqueue("sync_templates", account_id, lane=Lane.BACKGROUND)
    return kept


async def tell(ws: Workspace, account_id: str) -> None:
    await live.publish(ws, live.event("templates", {"account_id": account_id}))


async def advertises(ws: Workspace, account: ChannelAccount, wanted: Template) -> bool:
    """Whether the provider has approved this template as marketing."""
    kept = await store.get(ws, id_for(account.id, wanted.name, wanted.language))
    return kept is not None and kept.template.category.upper() == "MARKETING"


async def forget(ws: Workspace, account_id: str) -> None:
    """The account was disconnected."""
    await store.replace_all(ws, account_id, [], fetched_at=ws.clock.now())


async def filled(ws: Workspace, account: ChannelAccount, wanted: Template) -> Template:
    """
    The template with the provider's definition and the text as the customer will read it.

    Raises Invalid: unknown, not approved, or a variable without a value (named).
    """
    kept = await store.get(ws, id_for(account.id, wanted.name, wanted.language))
    if kept is None:
        raise Invalid.field(
            "content.name", "There is no such template in this language; sync the templates and look again."
        )
    if kept.template.status != "APPROVED":
        raise Invalid.field("content.name", f"This template cannot be sent now: it is {kept.template.status.lower()}.")
    shown = preview(account, kept.template, wanted.parameters.model_dump())
    if shown["missing"]:
        raise Invalid.field("content.parameters", f"These values are missing: {', '.join(shown['missing'])}.")
    given = dict(shown)
    given.pop("missing")
    return wanted.model_copy(
        update={
            "preview": TemplatePreview.model_validate(given),
            "components": tuple(dict(component) for component in kept.template.components),
        }
    )


def preview(account: ChannelAccount, template: ProviderTemplate, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
    """What TemplatePreview has, and `missing`; unfilled variables stay visible."""
    adapter = registry.adapter(account.kind)
    if not isinstance(adapter, ManagesTemplates):
        raise Invalid.field("content", "This channel has no templates.")
    return adapter.preview_template(template, parameters)


def variables(template: ProviderTemplate) -> list[TemplateVariable]:
    """What has to be filled in, in reading order, with the examples that were given for review."""
    return _variables(template.components, None)


def files_of(ready: Template) -> list[tuple[MediaKind, str]]:
    """What kind of file each header takes, and our id of the one that is given for it."""
    found: list[tuple[MediaKind, str]] = []
    for each in _variables(ready.components, None):
        cards = ready.parameters.cards
        given = ready.parameters if each.card is None else cards[each.card] if each.card < len(cards) else None
        if each.where == "file" and given is not None and given.header_file_id:
            found.append((cast(MediaKind, each.key), given.header_file_id))
    return found


def _variables(components: Iterable[Mapping[str, Any]], card: int | None) -> list[TemplateVariable]:
    found: list[TemplateVariable] = []
    for component in components:
        kind = str(component.get("type", "")).lower()
        layout = str(component.get("format") or "").lower()
        if kind == "header" and layout in _FILES:
            found.append(TemplateVariable(where="file", key=layout, card=card))
        elif kind == "header" and layout == "location":
            found += [TemplateVariable(where="header", key=key) for key in _PLACE]
        elif kind == "header" or kind == "body":
            examples = _examples(component.get("example"), kind)
            where: Literal["header", "body"] = "header" if kind == "header" else "body"
            keys = dict.fromkeys(_VARIABLE.findall(_text_of(component)))
            found += [TemplateVariable(where=where, key=key, card=card, example=examples.get(key)) for key in keys]
        elif kind == "buttons":
            for at, button in enumerate(component.get("buttons") or ()):
                if _VARIABLE.search(str(button.get("url") or "")) or str(button.get("type")).upper() == "COPY_CODE":
                    example = _first_of(button.get("example"))
                    found.append(TemplateVariable(where="button", key=str(at), index=at, card=card, example=example))
        elif kind == "limited_time_offer" and (component.get("limited_time_offer") or {}).get("has_expiration"):
            found.append(TemplateVariable(where="offer", key="ends_at"))
        elif kind == "carousel":
            for place, each in enumerate(component.get("cards") or ()):
                found += _variables(each.get("components") or (), place)
    return found


def _text_of(component: Mapping[str, Any]) -> str:
    """The words of a body that are the provider's own hold the code."""
    is_body = str(component.get("type", "")).lower() == "body"
    return str(component.get("text") or ("{{1}}" if is_body else ""))


def _first_of(example: Any) -> str | None:
    """Examples of buttons come alone or in a list."""
    first = next(iter(example), None) if isinstance(example, list | tuple) else example
    return str(first) if first is not None else None


def _examples(given: Any, kind: str) -> dict[str, str]:
    if not isinstance(given, dict):
        return {}
    named = given.get(f"{kind}_text_named_params")
    if isinstance(named, list):
        return {str(item.get("param_name")): str(item.get("example")) for item in named if isinstance(item, dict)}
    values = given.get(f"{kind}_text")
    if isinstance(values, list) and values and isinstance(values[0], list):
        values = values[0]
    return {str(n): str(value) for n, value in enumerate(values, 1)} if isinstance(values, list) else {}
