"""
Doubts: a handle that may be somebody else's by now, as numbers are given to others after a while.

A doubt stands on the handle, which every message reads anyway. While it stands the gate lets no marketing out to it,
and what is private of the contact is folded away: its address book, and fields that are marked private.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, Literal

from app.core.runtime import Workspace
from crm import pacing
from crm.contacts import ContactAddress, Doubt
from crm.store import contacts as store

# How a colleague made sure.
How = Literal["asked", "code", "document", "known"]
# Shorter silences are not looked at, whatever is settled.
SHORTEST: Final = timedelta(days=28)
_MONTH: Final = timedelta(days=365.25 / 12)
_WORDS: Final = {
    "number_changed": "The provider has told that this person's number changed, and named this one.",
    "id_changed": "The provider has told that this person's id changed, as it does with a new number.",
    "given_up": "The provider has told that this person left this number; whoever gets it next is somebody else.",
    "returned": "Somebody writes from a number that this person had left.",
    "new_person": "A colleague said that there is a new person at this handle.",
}


def words(doubt: Doubt) -> str:
    """For a person to read."""
    if doubt.reason == "silence" and doubt.since is not None:
        months = round((doubt.at - doubt.since) / _MONTH)
        return f"They wrote again after {months} months of silence; numbers are given to others after a while."
    return _WORDS.get(doubt.reason, "It is not sure whose this handle is.")


def asks(row: ContactAddress) -> bool:
    """Whether somebody should make sure. A number that was left raises no question until somebody writes from it."""
    return row.doubt is not None and row.doubt.reason != "given_up"


def folds(rows: Iterable[ContactAddress]) -> bool:
    """Whether what is private of a contact with these handles is folded away."""
    return any(asks(row) for row in rows)


async def suspect(ws: Workspace, row: ContactAddress, doubt: Doubt) -> ContactAddress:
    """The handle in doubt; as it was if a colleague has made sure since, or what is known weighs as much."""
    if row.trusted_at is not None and row.trusted_at >= doubt.at:
        return row
    if row.doubt is not None and (row.doubt.evidence == doubt.evidence or doubt.reason == "given_up"):
        return row
    await store.set_doubt(ws, row.address, doubt)
    return _with(row, doubt)


def _with(row: ContactAddress, doubt: Doubt) -> ContactAddress:
    return replace(row, doubt=doubt)


async def at_message(
    ws: Workspace, row: ContactAddress, last: datetime | None, at: datetime, evidence: str
) -> ContactAddress:
    """
    Somebody writes from this handle at that time, after having written `last`. Reads nothing, but where the silence was
    long; only phone numbers are given to others.
    """
    if row.doubt is not None:
        if row.doubt.reason != "given_up" or row.doubt.at >= at:
            return row
        return await suspect(ws, row, Doubt("returned", at, evidence))
    if last is None or not row.address.value.startswith("+"):
        return row
    if row.trusted_at is not None and row.trusted_at > last:
        last = row.trusted_at
    if at - last < SHORTEST:
        return row
    months = (await pacing.settled(ws)).pacing.silence_months
    if not months or at - last < months * _MONTH:
        return row
    return await suspect(ws, row, Doubt("silence", at, evidence, last))
