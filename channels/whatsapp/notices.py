"""
What Meta tells about templates and the account itself: one change of a webhook is one event.

Enumerations there are open: what is unknown becomes a notice with Meta's own word in it.
Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/overview
"""

from collections.abc import Callable, Mapping
from typing import Any, Literal

from channels.contract import AccountNotice, InboundEvent, TemplateChanged
from channels.whatsapp.errors import describe
from channels.whatsapp.limits import people_a_day
from channels.whatsapp.shapes import Json, first, items, obj, text, words

Severity = Literal["info", "warning", "error"]

# Events that stop or endanger sending; every other event is information.
_SEVERITY: Mapping[str, Severity] = {
    "ACCOUNT_RESTRICTION": "error",
    "ACCOUNT_VIOLATION": "error",
    "DISABLED_UPDATE": "error",
    "ACCOUNT_DELETED": "error",
    "ACCOUNT_OFFBOARDED": "error",
    "PARTNER_REMOVED": "error",
    "PARTNER_APP_UNINSTALLED": "error",
    "REJECTED": "warning",
    "FLAGGED": "warning",
    "DOWNGRADE": "warning",
    "CRITICAL": "error",
    "WARNING": "warning",
    "DELETED": "warning",
}


def language(code: str) -> str:
    """Meta writes `en-US` in some places and `en_US` in others; ours is the latter, as its API has it."""
    return code.replace("-", "_")


def template_changed(field: str, value: Json, shared: dict[str, Any]) -> InboundEvent:
    """`change` is a stable lower-case word: `paused`, `quality_red`, `category_marketing`, `components`."""
    name = text(value, "message_template_name", 512)
    if not name:
        return unknown(field, shared)
    change, detail = _TEMPLATE_CHANGES[field](value)
    return TemplateChanged(
        name=name,
        language=language(text(value, "message_template_language", 20)) or None,
        change=change,
        detail=detail,
        **shared,
    )


def _status(value: Json) -> tuple[str, str | None]:
    other, reason = obj(value, "other_info"), text(value, "reason", 200)
    rejection = obj(value, "rejection_info")
    detail = words(
        None if reason == "NONE" else reason,
        text(other, "title", 200),
        text(other, "description", 1000),
        text(rejection, "reason", 1000),
        text(rejection, "recommendation", 1000),
        text(obj(value, "disable_info"), "disable_date", 100),
    )
    return text(value, "event", 100).lower() or "status", detail


def _quality(value: Json) -> tuple[str, str | None]:
    new, old = text(value, "new_quality_score", 100), text(value, "previous_quality_score", 100)
    return f"quality_{new.lower() or 'unknown'}", f"{old or '?'} → {new or '?'}"


def _category(value: Json) -> tuple[str, str | None]:
    new = text(value, "new_category", 100)
    if new:
        return f"category_{new.lower()}", words("was", text(value, "previous_category", 100) or "?")
    return f"category_will_be_{text(value, 'correct_category', 100).lower() or 'unknown'}", words(
        "from", text(value, "category_update_timestamp", 100) or "?", "(Unix time)"
    )


def _components(value: Json) -> tuple[str, str | None]:
    return "components", None


_TEMPLATE_CHANGES: Mapping[str, Callable[[Json], tuple[str, str | None]]] = {
    "message_template_status_update": _status,
    "message_template_quality_update": _quality,
    "template_category_update": _category,
    "message_template_components_update": _components,
}
TEMPLATE_FIELDS = frozenset(_TEMPLATE_CHANGES)


def account_notice(field: str, value: Json, shared: dict[str, Any]) -> InboundEvent:
    """`code` is the field and, where there is one, the event: `account_update.account_restriction`."""
    happened = text(value, "event", 200) or text(value, "alert_type", 200) or text(value, "decision", 200)
    happened = happened or text(value, "status", 200)
    severity = _SEVERITY.get(text(value, "alert_severity").upper()) or _SEVERITY.get(happened.upper(), "info")
    limits = text(value, "max_daily_conversations_per_business", 100) or text(value, "current_limit", 100)
    quality = {"FLAGGED": "RED", "UNFLAGGED": "GREEN"}.get(happened) if field == "phone_number_quality_update" else None
    return AccountNotice(
        severity=severity,
        code=f"{field}.{happened.lower()}" if happened else field,
        message=words(_TITLES[field], happened and f"({happened})", _details(value), limits and f"limit {limits}")
        or field,
        quality=quality,
        limits=limits or None,
        people_a_day=people_a_day(limits or ""),
        **shared,
    )


def _details(value: Json) -> str | None:
    """Whatever an account event says in words, in the order a person would ask for it."""
    restriction, ban = first(items(value, "restriction_info")), obj(value, "ban_info")
    return words(
        text(value, "alert_description", 1000),
        text(restriction, "restriction_type", 200),
        text(obj(value, "violation_info"), "violation_type", 200),
        text(ban, "waba_ban_state", 200),
        text(ban, "waba_ban_date", 200),
        text(value, "display_phone_number", 50),
        text(value, "requested_verified_name", 200),
        text(value, "rejection_reason", 500),
        text(value, "username", 100),
        text(value, "correct_category", 100),
    )


_TITLES: Mapping[str, str] = {
    "phone_number_quality_update": "The quality or limit of the number changed.",
    "business_capability_update": "What the business may send in a day changed.",
    "account_alerts": "Meta raised an alert.",
    "account_update": "The WhatsApp business account changed.",
    "account_review_update": "Meta reviewed the WhatsApp business account.",
    "phone_number_name_update": "Meta reviewed the number's display name.",
    "security": "A security setting of the number changed.",
    "business_username_updates": "The business's WhatsApp username changed.",
    "template_correct_category_detection": "Meta found a message sent under the wrong category.",
}
ACCOUNT_FIELDS = frozenset(_TITLES)


def reported_error(error: Json, shared: dict[str, Any]) -> InboundEvent:
    """An element of `value.errors[]`: something of ours, or on its way to us, that Meta could not handle."""
    return AccountNotice(
        severity="error",
        code=f"provider_error.{text(error, 'code', 40) or 'unknown'}",
        message=describe(error) or "WhatsApp reported an error without words.",
        **shared,
    )


def history_not_imported(shared: dict[str, Any]) -> InboundEvent:
    return AccountNotice(
        severity="info",
        code="history_not_imported",
        message="WhatsApp offered the past chats of this number. Parley starts with today's; they stay on the phone.",
        **shared,
    )


def unknown(field: str, shared: dict[str, Any]) -> InboundEvent:
    return AccountNotice(
        severity="info",
        code="unknown_event",
        message=f"WhatsApp sent something that Parley does not know: {field[:100]}.",
        **shared,
    )
