"""What members keep for their answers, for themselves or for everyone: canned replies and macros."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """`owner_id` None: for everyone. `uses` counts how often it was used, which is no change of it."""

    id: str
    owner_id: str | None = None
    uses: int = 0
    last_used_at: datetime | None = None
    created_at: datetime
    updated_at: datetime
    revision: int = 1
