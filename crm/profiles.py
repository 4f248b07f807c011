"""Editing what is known of a contact: every value checked, and nothing of a colleague's overwritten unseen."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from zoneinfo import available_timezones

from app.core.errors import Conflict, FieldError, Invalid
from app.core.permissions import Actor
from app.core.platform import members as member_rows
from app.core.runtime import Workspace
from crm import contacts, fields
from crm.contacts import MOST_TAGS, PROFILE, Contact
from crm.fields import Fields, Value
from crm.store import companies as company_store
from crm.store import contacts as store

# Values that a profile may be without.
MOST_LANGUAGE_CHARS = 20
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*")
_OPTIONAL = ("language", "stage", "owner_id", "zone", "company_id", "company_role")


async def edit(
    ws: Workspace, actor: Actor, contact_id: str, given: Mapping[str, Any], *, seen: int | None = None
) -> tuple[Contact, Contact]:
    """
    A colleague's correction: values by the names of PROFILE, and `fields` by their keys; None empties one. The contact
    before and after it.

    Raises NotFound; Invalid for a value that is not right, or one that the stage needs and is missing; ChangedMeanwhile
    if a colleague changed the same after the revision `seen`.
    """
    known = await fields.get(ws)
    values = dict(given)
    own = fields.checked(known, values.pop("fields", None) or {})
    await _check(ws, known, values)
    await fields.note_use(ws, known, [key for key, value in own.items() if value is not None])

    def how(now: Contact) -> Contact:
        wanted = _applied(now, values, own)
        if wanted.stage != now.stage:
            _require_filled(known, wanted)
        return wanted

    return await contacts.change(ws, contact_id, how, contacts.hand(ws, actor, seen))


def _applied(now: Contact, values: Mapping[str, Any], own: Mapping[str, Value]) -> Contact:
    changes: dict[str, Any] = {name: (value or None) if name in _OPTIONAL else value for name, value in values.items()}
    if "name" in changes:
        changes["name"] = changes["name"].strip()
        if changes["name"] != now.name:
            changes["name_source"] = "member"
    kept = {key: value for key, value in {**now.fields, **own}.items() if value is not None}
    wanted = replace(now, **changes, fields=kept)
    if wanted.company_id != now.company_id and "company_role" not in changes:
        # What somebody is, they are in their company.
        wanted = replace(wanted, company_role=None)
    if wanted.company_role and not wanted.company_id:
        raise Invalid.field("company_role", "Say first which company they belong to.")
    return wanted


def is_language(text: str) -> bool:
    return _LANGUAGE.fullmatch(text) is not None and len(text) <= MOST_LANGUAGE_CHARS


async def _check(ws: Workspace, known: Fields, values: Mapping[str, Any]) -> None:
    wrong: list[FieldError] = []
    for name in values:
        if name not in PROFILE:
            raise ValueError(name)
    if (stage := values.get("stage")) and known.stage(stage) is None:
        wrong.append(FieldError("stage", f"Choose one of: {', '.join(each.id for each in known.stages)}."))
    if (zone := values.get("zone")) and zone not in available_timezones():
        wrong.append(FieldError("zone", "Give a time zone such as Africa/Accra."))
    if (language := values.get("language")) and not is_language(language):
        wrong.append(FieldError("language", "Give a language by its code, such as en or pt-BR."))
    if owner := values.get("owner_id"):
        member = await member_rows.get_in(ws.runtime.mongo, ws.id, owner)
        if member is None or member.status != "active":
            wrong.append(FieldError("owner_id", "Choose a colleague who works here."))
    if (company := values.get("company_id")) and await company_store.get(ws, company) is None:
        wrong.append(FieldError("company_id", "There is no such company; make it first."))
    if (role := values.get("company_role")) and known.role(role) is None:
        wrong.append(FieldError("company_role", f"Choose one of: {', '.join(each.id for each in known.roles)}."))
    if wrong:
        raise Invalid(wrong[0].message if len(wrong) == 1 else "Some values are not right.", errors=tuple(wrong))


def _require_filled(known: Fields, wanted: Contact) -> None:
    missing = fields.missing(known, wanted.stage, wanted.fields)
    stage = known.stage(wanted.stage)
    if missing and stage is not None:
        names = ", ".join(field.label for field in missing)
        errors = tuple(FieldError(f"fields.{field.key}", f"{stage.label} needs this.") for field in missing)
        raise Invalid(f"“{stage.label}” needs {names} first.", errors=errors)


async def mark(
    ws: Workspace, contact_id: str, what: str, *, add: Sequence[str] = (), remove: Sequence[str] = ()
) -> tuple[Contact, Contact]:
    """
    Adds and takes off `tags` or `lists`; what others added meanwhile stays, so two at once never collide. Raises
    NotFound, Conflict where there would be too many.
    """
    most = MOST_TAGS if what == "tags" else contacts.MOST_LISTS

    def how(now: Contact) -> Contact:
        before: tuple[str, ...] = getattr(now, what)
        after = tuple(each for each in dict.fromkeys((*before, *add)) if each not in remove)
        if len(after) > most and len(after) > len(before):
            raise Conflict(f"A contact may have {most} {what}; take one off first.", code="too_many")
        return now if after == before else replace(now, tags=after) if what == "tags" else replace(now, lists=after)

    return await contacts.change(ws, contact_id, how)


async def some_with(ws: Workspace, facet: str) -> list[Contact]:
    """Some who have this facet, such as `stage:lead`."""
    return await store.newest(ws, facet, before=None, limit=3)
