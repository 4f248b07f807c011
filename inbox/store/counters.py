"""Numbers that a workspace gives out one after another, each to nobody else."""

from app.core.errors import Conflict
from app.core.mongo import DuplicateId
from app.core.runtime import Workspace

_TRIES = 200


async def next_number(ws: Workspace, noun: str) -> int:
    """The next number of this noun; one that is not used leaves a gap. Raises Conflict when too many ask at once."""
    key = f"{ws.id}/{noun}"
    for _ in range(_TRIES):
        row = await ws.db.counters.get(key)
        if row is None:
            try:
                await ws.db.counters.insert({"_id": key, "value": 1})
            except DuplicateId:
                continue
            return 1
        value: int = row["value"]
        if await ws.db.counters.update({"_id": key, "value": value}, {"$set": {"value": value + 1}}):
            return value + 1
    raise Conflict(f"Too many {noun} are being made at once; try again.")
