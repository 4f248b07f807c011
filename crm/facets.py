"""
Facets: the words under which a contact is found in lists, each an exact piece of one index that goes on with when the
contact was made. They are kept few: each is an index entry of every new contact.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crm.contacts import Contact

ALL = "all"


def of(contact: Contact) -> list[str]:
    """In a fixed order, so that equal contacts have equal rows."""
    single = {
        "stage": contact.stage,
        "owner": contact.owner_id,
        "company": contact.company_id,
        "role": contact.company_role,
        "language": language(contact.language),
        "risk": contact.health.risk if contact.health else None,
    }
    found = [ALL, *(word(name, value) for name, value in single.items() if value)]
    found += [word("tag", tag) for tag in contact.tags]
    return found + [word("list", list_id) for list_id in contact.lists]


def word(name: str, value: str) -> str:
    return f"{name}:{value}"


def language(code: str | None) -> str | None:
    """`pt` of `pt-BR`: people who are written to in one language are one group."""
    return code.replace("_", "-").partition("-")[0].lower() if code else None
