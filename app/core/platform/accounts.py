"""
The directory of channel accounts: which exist, whose they are, and their credentials (encrypted at rest).

Every process keeps the directory in memory, refreshed every few seconds, so that no webhook and no send costs a query.
An encrypted copy on disk lets the web process check signatures while the database is down.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import orjson

from app.core import log, mongo
from app.core.errors import NotFound, Unavailable
from app.core.security import CannotDecrypt, Keyring

REFRESH_SECONDS = 3.0
# Of that time, after which they are read again when somebody asks.
_AHEAD = 0.75
LOAD_SECONDS = 4.0
_log = log.get("accounts")


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRow:
    """
    A connected account. `secrets` are decrypted, or `locked` away with a key that is not among those set; `health` is
    what checks and traffic have told of it.
    """

    id: str
    workspace_id: str
    kind: str
    name: str
    address: str
    config: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    locked: bool = False
    enabled: bool = True
    created_at: datetime
    health: Mapping[str, Any] = field(default_factory=dict)
    # The team that gets what customers write here, and whether it is given to its members by itself.
    team_id: str | None = None
    routed: bool = False


class Directory:
    """All accounts of this instance, by id and by the provider's own key (for webhooks shared by many accounts)."""

    def __init__(self, db: mongo.Database, keyring: Keyring, cache_file: Path) -> None:
        self._db = db
        self._keyring = keyring
        self._cache_file = cache_file
        self._rows: dict[str, AccountRow] = {}
        self._loaded_at = 0.0
        # Counts `forget`: what was being read when it was called is not what was asked for.
        self._forgotten = 0
        # Whether what is known came from the database when it was last asked.
        self._from_database = True
        self._lock = asyncio.Lock()
        self._refreshing: asyncio.Task[dict[str, AccountRow]] | None = None
        self._stored = b""

    async def get(self, account_id: str) -> AccountRow:
        """Raises NotFound; Unavailable if the database is down and the account is not in the cache either."""
        row = (await self._current()).get(account_id)
        if row is None and account_id.startswith("acc_"):
            # Connected a moment ago by another process: look once, past the refresh interval.
            row = (await self._current(force=True)).get(account_id)
        if row is None and not self._from_database:
            # It may be there all the same: whoever calls for it shall come again.
            raise Unavailable("The database is down and this account is not cached; try again.")
        if row is None:
            raise NotFound("There is no such channel account.")
        return row

    async def of_workspace(self, workspace_id: str) -> list[AccountRow]:
        rows = [row for row in (await self._current()).values() if row.workspace_id == workspace_id]
        return sorted(rows, key=lambda row: row.created_at)

    async def all(self) -> list[AccountRow]:
        return list((await self._current()).values())

    def forget(self) -> None:
        """The next read comes from the database."""
        self._loaded_at = 0.0
        self._forgotten += 1

    async def _current(self, *, force: bool = False) -> dict[str, AccountRow]:
        loop = asyncio.get_running_loop()
        asked_at = loop.time()
        age = asked_at - self._loaded_at
        if self._loaded_at and not force and age < REFRESH_SECONDS:
            if age > REFRESH_SECONDS * _AHEAD and (self._refreshing is None or self._refreshing.done()):
                # Beside, so that nobody waits for it.
                self._refreshing = asyncio.create_task(self._current(force=True))
            return self._rows
        async with self._lock:
            since = loop.time() - self._loaded_at
            if self._loaded_at and (self._loaded_at > asked_at or (not force and since < 0.5)):
                return self._rows
            if self._loaded_at and since < 0.5:
                # Whoever asks for accounts that are not there costs two reads a second, not one each.
                await asyncio.sleep(0.5 - since)
            forgotten, began_at = self._forgotten, loop.time()
            try:
                # Whoever waits here has a provider waiting, which gives up after seconds.
                async with asyncio.timeout(LOAD_SECONDS):
                    documents = await self._db.accounts.find({}).limit(10_000).to_list()
            except (mongo.DatabaseError, TimeoutError) as error:
                self._from_database = False
                if not self._rows:
                    self._rows = await asyncio.to_thread(self._read_cache)
                if not self._rows:
                    raise Unavailable("The database is down and no account is cached; try again.") from error
                _log.warning("accounts_from_cache", error=type(error).__name__)
                began_at = loop.time()
            else:
                self._from_database = True
                self._rows = {d["_id"]: row for d in documents if (row := self._open(d)) is not None}
                try:
                    await asyncio.to_thread(self._write_cache, documents)
                except OSError as error:
                    # A full disk: what the database says counts all the same.
                    _log.error("accounts_not_cached", error=str(error))
            self._loaded_at = began_at if forgotten == self._forgotten else 0.0
            return self._rows

    def _open(self, document: mongo.Document) -> AccountRow | None:
        try:
            secrets, locked = self._keyring.decrypt(document["sealed"]) if document.get("sealed") else {}, False
        except CannotDecrypt:
            _log.error("account_cannot_be_decrypted", account_id=document["_id"])
            secrets, locked = {}, True
        return AccountRow(
            id=document["_id"],
            workspace_id=document["workspace_id"],
            kind=document["kind"],
            name=document["name"],
            address=document["address"],
            config=document.get("config", {}),
            secrets=secrets,
            locked=locked,
            enabled=document.get("enabled", True),
            created_at=document["created_at"],
            health=document.get("health", {}),
            team_id=document.get("team_id"),
            routed=document.get("routed", False),
        )

    def _write_cache(self, documents: list[mongo.Document]) -> None:
        """Only what signature checks need, and the secrets only as sealed in the database."""
        kept = [{k: v for k, v in d.items() if k != "health"} for d in documents]
        data = orjson.dumps(kept)
        if data == self._stored:
            return
        sealed = self._keyring.encrypt({"accounts": data.decode()})
        self._cache_file.parent.mkdir(parents=True, exist_ok=True)
        # For its owner's eyes only, and under a name of its own: two containers on one volume may have the same pid.
        with NamedTemporaryFile("w", dir=self._cache_file.parent, prefix="accounts.", delete=False) as partial:
            name = Path(partial.name)
            try:
                partial.write(sealed)
                partial.flush()
                name.replace(self._cache_file)
            except OSError:
                name.unlink(missing_ok=True)
                raise
        self._stored = data

    def _read_cache(self) -> dict[str, AccountRow]:
        with suppress(FileNotFoundError, CannotDecrypt, ValueError):
            kept = orjson.loads(self._keyring.decrypt(self._cache_file.read_text())["accounts"])
            for document in kept:
                document["created_at"] = datetime.fromisoformat(document["created_at"]).astimezone(UTC)
            return {d["_id"]: row for d in kept if (row := self._open(d)) is not None}
        return {}


async def insert(db: mongo.Database, keyring: Keyring, row: AccountRow) -> None:
    await mongo.insert(
        db.accounts,
        {
            "_id": row.id,
            "workspace_id": row.workspace_id,
            "kind": row.kind,
            "name": row.name,
            "address": row.address,
            "config": dict(row.config),
            "sealed": keyring.encrypt(row.secrets),
            "enabled": row.enabled,
            "created_at": row.created_at,
            "health": dict(row.health),
        },
    )


async def update(db: mongo.Database, keyring: Keyring, row: AccountRow) -> None:
    """Name, address, config, secrets and whether it is enabled; health has its own door."""
    await db.accounts.update_one(
        {"_id": row.id, "workspace_id": row.workspace_id},
        {
            "$set": {
                "name": row.name,
                "address": row.address,
                "config": dict(row.config),
                "enabled": row.enabled,
                # What cannot be read here may be read again with the former key: it is not written over with nothing.
                **({} if row.locked and not row.secrets else {"sealed": keyring.encrypt(row.secrets)}),
            }
        },
    )


async def set_team(
    db: mongo.Database, workspace_id: str, account_ids: Sequence[str], team_id: str | None, *, routed: bool = False
) -> None:
    """What customers write on these accounts goes to this team from now on, or to nobody's."""
    where = {"_id": {"$in": list(account_ids)}, "workspace_id": workspace_id}
    await db.accounts.update_many(where, {"$set": {"team_id": team_id, "routed": routed}})


async def note_health(db: mongo.Database, account_id: str, values: Mapping[str, Any]) -> None:
    """Adds to what is known of the account's health."""
    await db.accounts.update_one({"_id": account_id}, {"$set": {f"health.{k}": v for k, v in values.items()}})


async def delete(db: mongo.Database, workspace_id: str, account_id: str) -> None:
    await db.accounts.delete_one({"_id": account_id, "workspace_id": workspace_id})


async def rotate_keys(db: mongo.Database, keyring: Keyring) -> int:
    """Seals every account's credentials with the newest key; how many."""
    documents = await db.accounts.find({}, {"sealed": 1}).limit(100_000).to_list()
    for document in documents:
        await db.accounts.update_one({"_id": document["_id"]}, {"$set": {"sealed": keyring.rotate(document["sealed"])}})
    return len(documents)
