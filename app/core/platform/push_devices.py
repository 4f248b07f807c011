"""
Devices that get pushes. A device is a session that has subscribed: the subscription lives in the session's row, so
whatever ends the session (sign-out, a forced logout, another password, time) ends the pushes to it in the same instant.

Indexes: push_member, the member's id, and push_key, a hash of the endpoint; sparse, so they hold devices alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.core import log, mongo
from app.core.platform.members import Session
from app.core.security import CannotDecrypt, Keyring, hash_token
from app.core.webpush import Subscription

_log = log.get("push_devices")
_MOST = 200
_FIELDS = ("push", "push_member", "push_key")


@dataclass(frozen=True, slots=True)
class Device:
    """`session_id` names it; `key` is the number of the signing key that it was subscribed with."""

    session_id: str
    workspace_id: str
    member_id: str
    user_agent: str
    subscription: Subscription = field(repr=False)
    key: int
    since: datetime
    last_at: datetime | None = None
    # Of the newest push, in words; empty when it went well.
    last_error: str = ""

    @property
    def push_key(self) -> str:
        return _push_key(self.subscription)


def _push_key(subscription: Subscription) -> str:
    return hash_token(subscription.endpoint)


def _device(row: mongo.Document, keyring: Keyring) -> Device | None:
    push: dict[str, Any] = row["push"]
    try:
        subscription = Subscription(**keyring.decrypt(push["sealed"]))
    except CannotDecrypt:
        _log.error("subscription_cannot_be_decrypted", session_id=row["id"])
        return None
    return Device(
        session_id=row["id"],
        workspace_id=row["workspace_id"],
        member_id=row["member_id"],
        user_agent=row["user_agent"],
        subscription=subscription,
        key=push["key"],
        since=push["since"],
        last_at=push.get("last_at"),
        last_error=push.get("last_error", ""),
    )


async def of_member(db: mongo.Database, keyring: Keyring, member_id: str, now: datetime) -> list[Device]:
    """Those whose sessions go on, the oldest first."""
    rows = await db.sessions.find({"push_member": member_id}).limit(_MOST).to_list()
    devices = [_device(row, keyring) for row in rows if row["expires_at"] > now]
    return sorted((device for device in devices if device), key=lambda device: device.since)


async def members_with(db: mongo.Database, member_ids: Sequence[str], now: datetime) -> set[str]:
    """Which of these members have a device at all."""
    found: set[str] = set()
    for first in range(0, len(member_ids), mongo.MOST_IN):
        some = list(member_ids[first : first + mongo.MOST_IN])
        where = {"push_member": some[0] if len(some) == 1 else {"$in": some}}
        rows = await db.sessions.find(where, {"push_member": 1, "expires_at": 1}).limit(_MOST * len(some)).to_list()
        found |= {row["push_member"] for row in rows if row["expires_at"] > now}
    return found


async def save(
    db: mongo.Database, keyring: Keyring, session: Session, subscription: Subscription, *, key: int, now: datetime
) -> None:
    """
    The session's browser is subscribed from now on. The same browser may have been another's before: whoever had this
    endpoint has it no longer, so that nobody reads what is for somebody else.
    """
    push_key = _push_key(subscription)
    others = {"push_key": push_key, "_id": {"$ne": session.token_hash}}
    await db.sessions.update_many(others, {"$unset": dict.fromkeys(_FIELDS, "")})
    sealed = keyring.encrypt(
        {"endpoint": subscription.endpoint, "p256dh": subscription.p256dh, "auth": subscription.auth}
    )
    change = {
        "push": {"sealed": sealed, "key": key, "since": now},
        "push_member": session.member_id,
        "push_key": push_key,
    }
    await db.sessions.update_one({"_id": session.token_hash}, {"$set": change})


async def remove(db: mongo.Database, member_id: str, session_id: str) -> bool:
    """Whether there was such a device. Index: push_member."""
    where = {"push_member": member_id, "id": session_id}
    return (await db.sessions.update_one(where, {"$unset": dict.fromkeys(_FIELDS, "")})).matched_count == 1


async def forget(db: mongo.Database, device: Device) -> None:
    """The service knows this subscription no longer; one that the browser has made since stays."""
    await db.sessions.update_one({"push_key": device.push_key}, {"$unset": dict.fromkeys(_FIELDS, "")})


async def note(db: mongo.Database, device: Device, *, error: str, at: datetime) -> None:
    """How the newest push to it went."""
    change: dict[str, Any] = {"push.last_error": error}
    if not error:
        change["push.last_at"] = at
    await db.sessions.update_one({"push_key": device.push_key}, {"$set": change})


async def keys_in_use(db: mongo.Database) -> set[int]:
    """A full read, for an operator's command only."""
    return {row["push"]["key"] async for row in db.sessions.find({"push_key": {"$gt": ""}}, {"push.key": 1})}


async def drop_all(db: mongo.Database, *, but_key: int) -> int:
    """Every subscription with another key than this; how many. For an operator's command only."""
    where = {"push_key": {"$gt": ""}, "push.key": {"$ne": but_key}}
    return (await db.sessions.update_many(where, {"$unset": dict.fromkeys(_FIELDS, "")})).modified_count


async def rotate_keys(db: mongo.Database, keyring: Keyring) -> int:
    """Seals every subscription with the newest secret key; how many."""
    rotated = 0
    async for row in db.sessions.find({"push_key": {"$gt": ""}}, {"push.sealed": 1, "push_key": 1}):
        sealed = keyring.rotate(row["push"]["sealed"])
        await db.sessions.update_one(
            {"_id": row["_id"], "push_key": row["push_key"]}, {"$set": {"push.sealed": sealed}}
        )
        rotated += 1
    return rotated
