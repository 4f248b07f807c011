"""
The Runtime: everything a process needs, opened once; and the Workspace: the Runtime narrowed to one business.

Functions of the other packages take `ws: Workspace` first. What they reach through it belongs to that workspace by
construction.
"""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from arq.connections import ArqRedis

from app.core import http, log, mongo
from app.core.clock import Clock
from app.core.files import Files
from app.core.platform.accounts import Directory
from app.core.queue import Queue, close_pool, open_pool
from app.core.security import Keyring
from app.core.settings import Settings
from app.core.stream import Stream


@dataclass(slots=True, eq=False, weakref_slot=True)
class Runtime:
    settings: Settings
    client: mongo.Client
    # Before `mongo`, which hides the module of that name from those below.
    batches: mongo.Batches
    mongo: mongo.Database
    redis: ArqRedis
    queue: Queue
    stream: Stream
    files: Files
    http: httpx.AsyncClient
    untrusted_http: httpx.AsyncClient
    keyring: Keyring
    accounts: Directory
    clock: Clock
    log: log.Logger
    # Names this process in claims and health keys.
    process_id: str = field(default_factory=lambda: secrets.token_hex(6))

    def workspace(self, workspace_id: str) -> "Workspace":
        return Workspace(self, workspace_id)


class Workspace:
    """One business: its rows, its log, and the shared parts that need no narrowing."""

    __slots__ = ("db", "id", "log", "runtime")

    def __init__(self, runtime: Runtime, workspace_id: str) -> None:
        self.id = workspace_id
        self.runtime = runtime
        self.db = mongo.ScopedDatabase(runtime.mongo, workspace_id, runtime.batches)
        self.log: log.Logger = runtime.log.bind(workspace_id=workspace_id)

    @property
    def clock(self) -> Clock:
        return self.runtime.clock

    @property
    def queue(self) -> Queue:
        return self.runtime.queue

    @property
    def redis(self) -> ArqRedis:
        return self.runtime.redis

    @property
    def stream(self) -> Stream:
        return self.runtime.stream

    @property
    def settings(self) -> Settings:
        return self.runtime.settings

    def file_key(self, file_id: str) -> str:
        """Where this workspace's file lives in the store."""
        return f"{self.id}/{file_id}"


@asynccontextmanager
async def open_runtime(settings: Settings, *, clock: Clock | None = None, **parts: Any) -> AsyncIterator[Runtime]:
    """Opens every connection, and closes them in reverse. The database may be down: the first command will tell."""
    client = mongo.connect(settings.mongodb_uri.get_secret_value())
    redis = await open_pool(settings.redis_url.get_secret_value())
    provider_http, untrusted_http = http.provider_client(), http.untrusted_client()
    db = mongo.database(client, settings.database)
    keyring = Keyring(tuple(key.get_secret_value() for key in settings.secret_keys))
    runtime = Runtime(
        settings=settings,
        client=client,
        mongo=db,
        batches=mongo.Batches(db),
        redis=redis,
        queue=Queue(redis),
        stream=Stream(redis),
        files=Files(settings.files_url, settings.data_dir / "files"),
        http=provider_http,
        untrusted_http=untrusted_http,
        keyring=keyring,
        accounts=Directory(db, keyring, settings.data_dir / "accounts.cache"),
        clock=clock or Clock(),
        log=log.get("parley"),
        **parts,
    )
    try:
        yield runtime
    finally:
        await provider_http.aclose()
        await untrusted_http.aclose()
        await close_pool(redis)
        await client.close()
