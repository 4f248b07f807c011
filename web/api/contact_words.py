"""Values of contacts in words, for people: names instead of ids."""

from collections.abc import Iterable
from typing import Any

from app.core.platform import members as member_rows
from app.core.runtime import Workspace
from crm import companies, fields
from crm.fields import Fields

_LABELS = {
    "name": "Name",
    "language": "Language",
    "notes": "Notes",
    "stage": "Stage",
    "owner_id": "Owner",
    "zone": "Time zone",
    "company_id": "Company",
    "company_role": "Role in the company",
}
_OWN = ("fields.", "fields/")


class Words:
    """What is needed to say the values of some contacts."""

    def __init__(self, known: Fields, owners: dict[str, str], named: dict[str, str]) -> None:
        self._known = known
        self._owners = owners
        self._companies = named

    def label(self, what: str) -> str:
        """Of a value by its name: `stage`, `fields.<key>`."""
        if what.startswith(_OWN):
            field = self._known.field(what[len("fields.") :])
            return field.label if field else what[len("fields.") :]
        return _LABELS[what]

    def of(self, what: str, value: Any) -> str:
        """Empty where there is none."""
        if value is None:
            return ""
        if what.startswith(_OWN):
            field = self._known.field(what[len("fields.") :])
            return fields.written(field, tuple(value) if isinstance(value, list) else value) if field else str(value)
        match what:
            case "stage":
                stage = self._known.stage(value)
                return stage.label if stage else str(value)
            case "company_role":
                role = self._known.role(value)
                return role.label if role else str(value)
            case "owner_id":
                return self._owners.get(value, "Somebody who has left")
            case "company_id":
                return self._companies.get(value, "A company that is gone")
        return str(value)


async def words(ws: Workspace, values: Iterable[tuple[str, Any]]) -> Words:
    """For these values, by their names."""
    given = list(values)
    company_ids = [value for what, value in given if what == "company_id" and value]
    named = {each.id: each.name for each in (await companies.by_id(ws, company_ids)).values()}
    owners: dict[str, str] = {}
    for what, value in given:
        if what == "owner_id" and value and (member := await member_rows.get_in(ws.runtime.mongo, ws.id, value)):
            owners[value] = member.name
    return Words(await fields.get(ws), owners, named)
