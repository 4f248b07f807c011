"""
Where things are used: asked before one of them is deleted, so that nobody deletes what others rely on.

Whoever refers to a calendar, a team, … by its id adds the finder of those references to the table in references.py.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass

from app.core.errors import Conflict
from app.core.runtime import Workspace


@dataclass(frozen=True, slots=True)
class Use:
    """Something that refers to the thing in question; `type` is a noun of the API."""

    type: str
    id: str
    name: str


class InUse(Conflict):
    """`extra["used_in"]` lists the places."""

    code = "in_use"

    def __init__(self, noun: str, uses: Sequence[Use]) -> None:
        named = ", ".join(f"{use.type} {use.name}" for use in uses[:5])
        more = f" and {len(uses) - 5} more" if len(uses) > 5 else ""
        super().__init__(f"This {noun} is still used: {named}{more}.")
        self.extra = {"used_in": [asdict(use) for use in uses]}


Finder = Callable[[Workspace, str], Awaitable[list[Use]]]


async def of(ws: Workspace, noun: str, thing_id: str) -> list[Use]:
    """Everything that refers to it. Raises KeyError for a noun that is not in the table."""
    # The table knows everybody who refers to something, and everybody knows this module.
    from inbox import references

    found = await asyncio.gather(*(finder(ws, thing_id) for finder in references.FINDERS[noun]))
    return [use for uses in found for use in uses]
