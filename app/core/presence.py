"""Which members are there now: a key in Redis for each that ends by itself when its screen stops renewing it."""

from collections.abc import Sequence
from enum import StrEnum

from redis.exceptions import RedisError

from app.core.runtime import Workspace

# A screen says that it is there every 25 seconds.
SECONDS = 60


class Presence(StrEnum):
    ONLINE = "online"
    AWAY = "away"
    OFFLINE = "offline"


async def set_presence(ws: Workspace, member_id: str, presence: Presence) -> None:
    key = _key(ws, member_id)
    if presence is Presence.OFFLINE:
        await ws.redis.delete(key)
    else:
        await ws.redis.set(key, presence.value, ex=SECONDS)


async def of(ws: Workspace, member_ids: Sequence[str]) -> dict[str, Presence]:
    """Of each of these members; offline, all of them, while Redis cannot be asked."""
    try:
        found = await ws.redis.mget([_key(ws, member_id) for member_id in member_ids]) if member_ids else []
    except (RedisError, OSError, TimeoutError):
        found = [None] * len(member_ids)
    return {
        member_id: Presence(value.decode()) if value else Presence.OFFLINE
        for member_id, value in zip(member_ids, found, strict=True)
    }


def _key(ws: Workspace, member_id: str) -> str:
    return f"parley:presence:{ws.id}:{member_id}"
