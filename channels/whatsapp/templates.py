"""
Templates at Meta: reading the list, and writing, changing and deleting them.

A template's components are kept in Meta's own form (see template_forms.py for how they are written, and
template_filling.py for how they are sent).
Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/overview
"""

from collections.abc import Mapping, Sequence
from urllib.parse import quote

from channels.contract import ChannelAccount, ChannelIO, Created, OutboundFile, ProviderTemplate
from channels.errors import AccountError, NotSent
from channels.graph import GraphRefusal, call
from channels.template_drafts import TemplateDraft
from channels.whatsapp import accounts, template_forms
from channels.whatsapp.notices import language
from channels.whatsapp.shapes import Json, items, obj, text

FIELDS = "id,name,status,category,language,components,quality_score,rejected_reason,parameter_format"
PAGE_SIZE = 100
# Meta allows 6,000 templates an account; an endless chain of pages is a fault, not a list.
MAX_PAGES = 100


# --- the list -----------------------------------------------------------------------------------------------------


async def listed(io: ChannelIO, account: ChannelAccount) -> Sequence[ProviderTemplate]:
    """All templates, page by page. Raises GraphRefusal and SendError."""
    found: list[ProviderTemplate] = []
    params = {"fields": FIELDS, "limit": str(PAGE_SIZE)}
    for _ in range(MAX_PAGES):
        page = await call(
            io,
            _token(account),
            "GET",
            f"{account.config.get('waba_id')}/message_templates",
            params=params,
        )
        found.extend(template(row) for row in items(page, "data") if text(row, "name"))
        paging = obj(page, "paging")
        after = text(obj(paging, "cursors"), "after")
        if not (after and text(paging, "next")):
            break
        params = params | {"after": after}
    return found


def template(row: Json) -> ProviderTemplate:
    """One row of the list."""
    reason = text(row, "rejected_reason")
    return ProviderTemplate(
        external_id=text(row, "id"),
        name=text(row, "name"),
        language=language(text(row, "language")),
        category=text(row, "category"),
        status=text(row, "status"),
        quality=text(obj(row, "quality_score"), "score") or None,
        components=tuple(items(row, "components")),
        parameter_format=text(row, "parameter_format") or "POSITIONAL",
        rejected_reason=None if reason in ("", "NONE") else reason,
    )


# --- writing ------------------------------------------------------------------------------------------------------


async def create(io: ChannelIO, account: ChannelAccount, draft: TemplateDraft, samples: Mapping[str, str]) -> Created:
    """Submit a new one; `samples` are Meta's handles of files by ours. Raises GraphRefusal and SendError."""
    body = {
        "name": draft.name,
        "language": draft.language,
        "category": draft.category,
        "parameter_format": _format(draft),
        "components": template_forms.components(draft, samples),
    }
    answer = await call(io, _token(account), "POST", f"{account.config.get('waba_id')}/message_templates", json=body)
    return Created(
        external_id=text(answer, "id"),
        status=text(answer, "status") or "PENDING",
        category=text(answer, "category") or draft.category,
    )


async def change(
    io: ChannelIO, account: ChannelAccount, external_id: str, draft: TemplateDraft, samples: Mapping[str, str]
) -> None:
    """Submit other words for one that Meta knows; it is reviewed anew. Raises GraphRefusal and SendError."""
    body = {
        "category": draft.category,
        "parameter_format": _format(draft),
        "components": template_forms.components(draft, samples),
    }
    await call(io, _token(account), "POST", quote(external_id, safe=""), json=body)


async def delete(io: ChannelIO, account: ChannelAccount, name: str, external_id: str | None) -> None:
    """One language of it, or (None) all. The name is blocked for 30 days. Raises GraphRefusal and SendError."""
    params = {"name": name} | ({"hsm_id": external_id} if external_id else {})
    await call(io, _token(account), "DELETE", f"{account.config.get('waba_id')}/message_templates", params=params)


async def unpause(io: ChannelIO, account: ChannelAccount, external_id: str) -> None:
    """Raises GraphRefusal and SendError."""
    await call(io, _token(account), "POST", f"{quote(external_id, safe='')}/unpause")


async def upload_sample(io: ChannelIO, account: ChannelAccount, file: OutboundFile) -> str:
    """
    Meta's handle of a file for the review, by its resumable upload. Raises GraphRefusal, SendError and AccountError.

    Source: https://developers.facebook.com/docs/graph-api/guides/upload
    """
    app_id = str(account.config.get("app_id") or "") or await accounts.app_of_token(io, account)
    if not app_id:
        raise AccountError("A sample file needs the App ID: add it in Settings, Channels.", field="app_id")
    data = await file.read()
    params = {
        "file_length": str(len(data)),
        "file_type": file.media.mime or "application/octet-stream",
        "file_name": file.media.name or "sample",
    }
    session = text(await call(io, _token(account), "POST", f"{app_id}/uploads", params=params), "id")
    if not session.startswith("upload:"):
        raise NotSent("Meta did not begin the upload of the sample.")
    handle = text(await call(io, _token(account), "POST", session, body=data, scheme="OAuth"), "h")
    if not handle:
        raise NotSent("Meta took the sample but gave no handle for it.")
    return handle


# Where in a draft the fault is that Meta names by a subcode.
_FIELDS: Mapping[int, str] = {
    2388019: "name",
    2388023: "name",
    2388024: "language",
    2388039: "name",
    2388040: "body",
    2388043: "examples",
    2388047: "header",
    2388072: "body",
    2388073: "footer",
    2388273: "header",
    2388293: "body",
    2388299: "body",
}


def field_of(refusal: GraphRefusal) -> str | None:
    return _FIELDS.get(refusal.subcode)


def _format(draft: TemplateDraft) -> str:
    return "NAMED" if template_forms.named(draft) else "POSITIONAL"


def _token(account: ChannelAccount) -> str:
    return account.secrets.get("access_token", "")
