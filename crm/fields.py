"""
What a workspace keeps of its contacts beside their names: fields of its own, the stages of their lifecycle, and
what they are in their companies.

One row per workspace, changed as a whole against its revision. A field that contacts have values for is archived, not
deleted: it is offered nowhere, and what it holds stays.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any, Literal
from urllib.parse import urlsplit

import phonenumbers

from app.core import clock
from app.core.errors import Change, ChangedMeanwhile, Conflict, FieldError, Invalid
from app.core.rules import Field as Asked
from app.core.rules import Type
from app.core.runtime import Workspace
from crm import tables
from crm.store import fields as store

Kind = Literal["text", "number", "date", "datetime", "boolean", "choice", "choices", "url"]
# Dates and times are aware and in UTC, a date being its midnight; None: nothing is known.
Value = str | float | bool | datetime | tuple[str, ...] | None

MOST_FIELDS = 100
MOST_STAGES = 30
MOST_ROLES = 50
MOST_OPTIONS = 200
MOST_TEXT_CHARS = 2_000
MOST_CHOSEN = 50
_MOST_NUMBER = 2**53
_KEY = re.compile(r"[a-z][a-z0-9_]{0,39}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactField:
    """
    A field of the workspace's own; `options` are those of a choice. `required_for` are the stages that nobody reaches
    without a value. `private`: not shown while it is not sure who a contact is (see doubts.py). `used`: some contact
    has, or had, one.
    """

    key: str
    label: str
    kind: Kind = "text"
    description: str = ""
    options: tuple[str, ...] = ()
    required_for: tuple[str, ...] = ()
    archived: bool = False
    private: bool = False
    used: bool = False


@dataclass(frozen=True, slots=True)
class Stage:
    """How far somebody has come with us, in the order of the list."""

    id: str
    label: str


STAGES = (
    Stage("subscriber", "Subscriber"),
    Stage("lead", "Lead"),
    Stage("mql", "Marketing qualified"),
    Stage("sql", "Sales qualified"),
    Stage("opportunity", "Opportunity"),
    Stage("customer", "Customer"),
    Stage("evangelist", "Evangelist"),
    Stage("lost", "Lost"),
)


@dataclass(frozen=True, slots=True)
class CompanyRole:
    """What somebody is in the company that they belong to."""

    id: str
    label: str


ROLES = (
    CompanyRole("decision_maker", "Decision maker"),
    CompanyRole("billing", "Billing"),
    CompanyRole("technical", "Technical contact"),
    CompanyRole("user", "User"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """`region` is the country (ISO 3166) of phone numbers that are written without one."""

    fields: tuple[ContactField, ...] = ()
    stages: tuple[Stage, ...] = STAGES
    roles: tuple[CompanyRole, ...] = ROLES
    region: str | None = None
    revision: int = 0

    def field(self, key: str) -> ContactField | None:
        return next((each for each in self.fields if each.key == key), None)

    def stage(self, stage_id: str | None) -> Stage | None:
        return next((each for each in self.stages if each.id == stage_id), None)

    def role(self, role_id: str | None) -> CompanyRole | None:
        return next((each for each in self.roles if each.id == role_id), None)

    @property
    def offered(self) -> tuple[ContactField, ...]:
        return tuple(each for each in self.fields if not each.archived)


async def get(ws: Workspace) -> Fields:
    return await store.get(ws) or Fields()


async def save(ws: Workspace, wanted: Fields) -> Fields:
    """
    Replace those that have `wanted.revision`. Raises Invalid, ChangedMeanwhile; Conflict where a field that was ever
    filled in is missing, or is to be of another kind.
    """
    now = await get(ws)
    if now.revision != wanted.revision:
        raise ChangedMeanwhile("A colleague has just changed the fields. Look at them again.", Change("fields"))
    wanted = replace(wanted, fields=tuple(replace(f, used=_was_used(now, f.key)) for f in wanted.fields))
    _check(wanted)
    for field in now.fields:
        kept = wanted.field(field.key)
        if field.used and kept is None:
            raise Conflict(f"Contacts have values in “{field.label}”. Archive it instead.", code="in_use")
        if field.used and kept is not None and kept.kind != field.kind:
            raise Conflict(f"Contacts have values in “{field.label}”; its kind has to stay.", code="in_use")
    saved = replace(wanted, revision=wanted.revision + 1)
    if not await store.save(ws, saved):
        raise ChangedMeanwhile("A colleague has just changed the fields. Look at them again.", Change("fields"))
    return saved


def _was_used(now: Fields, key: str) -> bool:
    field = now.field(key)
    return field is not None and field.used


async def note_use(ws: Workspace, known: Fields, keys: Iterable[str]) -> None:
    """These are about to be filled in; from the first value on they cannot be deleted."""
    for key in keys:
        field = known.field(key)
        if field is not None and not field.used:
            await store.mark_used(ws, key)


def _check(wanted: Fields) -> None:
    keys = [field.key for field in wanted.fields]
    stages = [stage.id for stage in wanted.stages]
    labels = [field.label.strip().casefold() for field in wanted.offered]
    for at, field in enumerate(wanted.fields):
        if not field.archived and labels.count(field.label.strip().casefold()) > 1:
            # Screens and the columns of tables tell them apart by it.
            raise Invalid.field(f"fields.{at}.label", f"Another field is called “{field.label}”.")
        if not _KEY.fullmatch(field.key) or keys.count(field.key) > 1:
            raise Invalid.field(f"fields.{at}.key", "A key is unique, in small letters, digits and underscores.")
        if field.kind in ("choice", "choices") and (not field.options or len(set(field.options)) != len(field.options)):
            raise Invalid.field(f"fields.{at}.options", "A choice needs options, each of them once.")
        if unknown := set(field.required_for) - set(stages):
            raise Invalid.field(f"fields.{at}.required_for", f"There is no stage {min(unknown)}.")
    for at, stage in enumerate(wanted.stages):
        if not _KEY.fullmatch(stage.id) or stages.count(stage.id) > 1:
            raise Invalid.field(f"stages.{at}.id", "An id is unique, in small letters, digits and underscores.")
    roles = [role.id for role in wanted.roles]
    for at, role in enumerate(wanted.roles):
        if not _KEY.fullmatch(role.id) or roles.count(role.id) > 1:
            raise Invalid.field(f"roles.{at}.id", "An id is unique, in small letters, digits and underscores.")
    if wanted.region is not None and wanted.region not in phonenumbers.SUPPORTED_REGIONS:
        raise Invalid.field("region", "Give a country by its two letters, such as GH.")


# --- values -------------------------------------------------------------------------------------------------------


def checked(known: Fields, values: Mapping[str, Any]) -> dict[str, Value]:
    """Values for declared fields as they are stored; None empties one. Raises Invalid, naming each wrong one."""
    found: dict[str, Value] = {}
    wrong: list[FieldError] = []
    for key, value in values.items():
        field = known.field(key)
        try:
            if field is None:
                raise ValueError("There is no such field.")
            found[key] = None if value is None or value in ("", [], ()) else _stored(field, value)
        except ValueError as problem:
            wrong.append(FieldError(f"fields.{key}", str(problem)))
    if wrong:
        raise Invalid(wrong[0].message if len(wrong) == 1 else "Some fields are not right.", errors=tuple(wrong))
    return found


def _stored(field: ContactField, value: Any) -> Value:
    """Raises ValueError, in words that say what to do."""
    match field.kind:
        case "number":
            if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < _MOST_NUMBER:
                raise ValueError("This is a number.")
            return value
        case "boolean":
            if not isinstance(value, bool):
                raise ValueError("This is yes or no.")
            return value
        case "choices":
            if not isinstance(value, list | tuple) or not set(value) <= set(field.options) or len(value) > MOST_CHOSEN:
                raise ValueError(f"Choose from: {', '.join(field.options)}.")
            return tuple(dict.fromkeys(value))
    if not isinstance(value, str):
        raise ValueError("This is text.")
    match field.kind:
        case "choice" if value not in field.options:
            raise ValueError(f"Choose one of: {', '.join(field.options)}.")
        case "date":
            return _date(value)
        case "datetime":
            return _datetime(value)
        case "url" if not _is_link(value):
            raise ValueError("This is a web address such as https://example.com.")
    if len(value) > MOST_TEXT_CHARS:
        raise ValueError(f"This is text of at most {MOST_TEXT_CHARS:,} characters.")
    return value


def _date(value: str) -> datetime:
    try:
        day = date.fromisoformat(value)
    except ValueError:
        raise ValueError("This is a date such as 2026-11-21.") from None
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _datetime(value: str) -> datetime:
    words = "This is a time with its zone, such as 2026-11-21T12:00:00Z."
    try:
        at = datetime.fromisoformat(value)
        if at.tzinfo is None:
            raise ValueError(words)
        at = at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(words) from None
    # In milliseconds, as the database keeps times.
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def _is_link(value: str) -> bool:
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc)


_YES = frozenset(("yes", "true", "1", "y", "ja", "oui", "si", "sí"))
_NO = frozenset(("no", "false", "0", "n", "nein", "non"))


# A day with points between is nowhere the month first, and a comma before one or two digits no thousand.
_POINTS = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d{1,2}")


def read(field: ContactField, text: str) -> Value:
    """A value as a table has it, as text. Raises ValueError, in words."""
    text = text.strip()
    if not text:
        return None
    match field.kind:
        case "number":
            text = text.replace(" ", "").replace("\u00a0", "")
            if _DECIMAL_COMMA.fullmatch(text):
                text = text.replace(",", ".")
            try:
                number = float(text)
            except ValueError:
                raise ValueError("This is a number.") from None
            return _stored(field, int(number) if number.is_integer() else number)
        case "boolean":
            if text.casefold() not in _YES | _NO:
                raise ValueError("This is yes or no.")
            return text.casefold() in _YES
        case "date" if day := _POINTS.fullmatch(text):
            return _stored(field, f"{day[3]}-{day[2]:0>2}-{day[1]:0>2}")
        case "choices":
            return _stored(field, tables.parted(text))
    return _stored(field, text)


def cell(field: ContactField, value: Value) -> str:
    """A value as a table has it; `read` understands it."""
    return tables.joined(value) if isinstance(value, tuple | list) else written(field, value)


def written(field: ContactField, value: Value) -> str:
    """A value as a text has it."""
    match shown(field, value):
        case None:
            return ""
        case bool() as sure:
            return "yes" if sure else "no"
        case list() as chosen:
            return "; ".join(chosen)
        case other:
            return str(other)


def shown(field: ContactField, value: Value) -> str | float | bool | list[str] | None:
    """A value as JSON has it: `2026-11-21`, `2026-11-21T12:00:00.000Z`."""
    match value:
        case datetime():
            return value.date().isoformat() if field.kind == "date" else clock.iso(value)
        case tuple() | list():
            return list(value)
    return value


def missing(known: Fields, stage_id: str | None, values: Mapping[str, Value]) -> list[ContactField]:
    """What has to be filled in before somebody is at this stage, and is not."""
    return [f for f in known.offered if stage_id in f.required_for and values.get(f.key) is None]


# --- rules --------------------------------------------------------------------------------------------------------

_TYPES: Mapping[Kind, Type] = {
    "text": "text",
    "url": "text",
    "number": "number",
    "date": "time",
    "datetime": "time",
    "boolean": "boolean",
    "choice": "choice",
    "choices": "many",
}


def askable(own: Iterable[ContactField]) -> Sequence[Asked]:
    """Fields of the workspace's own as rules ask for them; stored under `fields`."""
    return [
        Asked(
            f"fields.{field.key}",
            field.label,
            _TYPES[field.kind],
            options=tuple((option, option) for option in field.options),
        )
        for field in own
    ]
