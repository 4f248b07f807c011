"""
Templates at Meta: reading the list, and writing, changing and deleting them.

A template's components are kept in Meta's own form (see template_forms.py for how they are written, and
template_filling.py for how they are sent).
Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/overview
"""

from collections.abc import Sequence

from channels.contract import ChannelAccount, ChannelIO, ProviderTemplate
from channels.graph import call
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
            account.secrets.get("access_token", ""),
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
