"""
What a workspace's tickets look like: categories with their forms, the fields of its own, and what customers are told.

One row per workspace, changed as a whole against its revision. A category or field in use stays until no ticket has it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal

from app.core import audit
from app.core.audit import Target
from app.core.errors import Change, ChangedMeanwhile, FieldError, Invalid
from app.core.permissions import Actor
from app.core.runtime import Workspace
from inbox import live, usage
from inbox.answering import variables
from inbox.store import ticket_forms as store

Kind = Literal["text", "number", "date", "checkbox", "choice"]
Priority = Literal["low", "normal", "high", "urgent"]
Value = str | float | bool | None

MOST_CATEGORIES = 100
MOST_FIELDS = 60
TELL_TEXT = "Your request #{{ ticket.number }}, “{{ ticket.title }}”, is now {{ ticket.status }}. See {{ ticket.link }}"
_KEY = re.compile(r"[a-z][a-z0-9_]{0,39}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketField:
    """A field of the workspace's own; `options` are those of a choice."""

    key: str
    label: str
    kind: Kind = "text"
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """
    What a ticket is about, and its form: which fields it shows, which must be filled in before it is solved, what it
    starts with.
    """

    id: str
    name: str
    fields: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    checklist: tuple[str, ...] = ()
    priority: Priority = "normal"
    team_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Overdue:
    """
    When a ticket that is not solved is flagged, once. Time in which we wait for the customer counts only if
    `counts_waiting`. `notify` is a member's id; None tells the supervisors.
    """

    after_hours: int | None = 48
    counts_waiting: bool = False
    notify: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Forms:
    """`tell_on` are the statuses of which the customer is told in chat, with `tell_text`."""

    categories: tuple[Category, ...] = ()
    fields: tuple[TicketField, ...] = ()
    tell_on: tuple[str, ...] = ()
    tell_text: str = TELL_TEXT
    overdue: Overdue = Overdue()
    revision: int = 0

    def category(self, category_id: str | None) -> Category | None:
        return next((each for each in self.categories if each.id == category_id), None)

    def field(self, key: str) -> TicketField | None:
        return next((each for each in self.fields if each.key == key), None)


async def get(ws: Workspace) -> Forms:
    return await store.get(ws) or Forms()


async def save(ws: Workspace, actor: Actor, forms: Forms) -> Forms:
    """
    Replace the forms that have `forms.revision`. Raises Invalid, Conflict (something in use is missing),
    ChangedMeanwhile.
    """
    _check(forms)
    now = await get(ws)
    await _refuse_what_is_used(ws, now, forms)
    saved = replace(forms, revision=forms.revision + 1)
    async with live.announced(ws, "ticket_forms", ws.id):
        if now.revision != forms.revision or not await store.save(ws, saved):
            raise ChangedMeanwhile("A colleague has just changed the forms.", Change("forms"))
        await live.publish(ws, live.event("ticket_forms", {"id": ws.id}))
    await audit.record(
        ws,
        actor,
        "ticket_forms.changed",
        Target("ticket_forms", ws.id, "Ticket forms"),
        {"categories": [c.name for c in saved.categories], "fields": [f.key for f in saved.fields]},
    )
    return saved


def _check(forms: Forms) -> None:
    variables.check(forms.tell_text, field="tell_text")
    keys = [field.key for field in forms.fields]
    for at, field in enumerate(forms.fields):
        if not _KEY.fullmatch(field.key) or keys.count(field.key) > 1:
            raise Invalid.field(f"fields.{at}.key", "A key is unique, in small letters, digits and underscores.")
        if field.kind == "choice" and len(set(field.options)) != len(field.options or "-"):
            raise Invalid.field(f"fields.{at}.options", "A choice needs options, each of them once.")
    named = [category.id for category in forms.categories]
    for at, category in enumerate(forms.categories):
        if named.count(category.id) > 1:
            raise Invalid.field(f"categories.{at}.id", "Each category has an id of its own.")
        if unknown := set(category.fields) - set(keys):
            raise Invalid.field(f"categories.{at}.fields", f"There is no field {min(unknown)}.")
        if set(category.required) - set(category.fields):
            raise Invalid.field(f"categories.{at}.required", "Only a field of the form can be required.")


async def _refuse_what_is_used(ws: Workspace, now: Forms, wanted: Forms) -> None:
    """Where something in use is missing or changes its kind, the tickets that stand against it are named."""
    gone = [(f"category:{c.id}", c.name) for c in now.categories if wanted.category(c.id) is None]
    for field in now.fields:
        kept = wanted.field(field.key)
        if kept is None or kept.kind != field.kind:
            gone.append((f"field:{field.key}", field.label))
        else:
            options = [option for option in field.options if option not in kept.options]
            gone += [(f"field:{field.key}={option}", f"{option} ({field.label})") for option in options]
    for category in now.categories:
        if wanted.category(category.id) is None and (uses := await usage.of(ws, "ticket_category", category.id)):
            raise usage.InUse(f"“{category.name}”", uses)
    for facet, name in gone:
        tickets = await store.labels_with(ws, facet, limit=20)
        if tickets:
            raise usage.InUse(f"“{name}”", [usage.Use("ticket", ticket_id, label) for ticket_id, label in tickets])


def checked(forms: Forms, values: Mapping[str, Any]) -> dict[str, Value]:
    """Values for declared fields in the types they have; None empties one. Raises Invalid, naming each wrong one."""
    found: dict[str, Value] = {}
    wrong: list[FieldError] = []
    for key, value in values.items():
        field = forms.field(key)
        problem = "There is no such field." if field is None else _problem(field, value)
        if problem:
            wrong.append(FieldError(f"fields.{key}", problem))
        found[key] = value
    if wrong:
        raise Invalid(wrong[0].message if len(wrong) == 1 else "Some fields are not right.", errors=tuple(wrong))
    return found


def _problem(field: TicketField, value: object) -> str | None:
    if value is None:
        return None
    number = isinstance(value, int | float) and not isinstance(value, bool)
    match field.kind:
        case "number":
            return None if number else "This is a number."
        case "checkbox":
            return None if isinstance(value, bool) else "This is yes or no."
        case "choice":
            return None if value in field.options else f"Choose one of: {', '.join(field.options)}."
        case "date":
            return None if _is_day(value) else "This is a date such as 2026-11-21."
        case _:
            return None if isinstance(value, str) and len(value) <= 2_000 else "This is text of at most 2,000 letters."


def _is_day(value: object) -> bool:
    """Written as it is shown: weeks, and days without hyphens, are no days to a reader."""
    try:
        return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def missing(forms: Forms, category_id: str | None, values: Mapping[str, Value]) -> list[TicketField]:
    """Fields that this category's form wants filled in before the ticket is solved, and that are not."""
    category = forms.category(category_id)
    required = category.required if category else ()
    fields = [field for key in required if (field := forms.field(key)) is not None]
    # Zero is an answer.
    return [field for field in fields if (value := values.get(field.key)) is None or value is False or value == ""]
