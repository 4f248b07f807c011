"""
The stage of a bench: a folder, the databases, and programs as processes of their own, so that the CPU time of each is
known. All of it ends with the bench.
"""

import asyncio
import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from pymongo import MongoClient
from pymongo.errors import PyMongoError
from redis import Redis
from redis.exceptions import RedisError

from app.core.settings import Settings
from app.core.tasks import end
from app.up import valkey

_START_SECONDS = 30.0
_WATCH_SECONDS = 2.0


class DidNotStart(Exception):
    """A program of the bench did not come up; the message ends with what it said last."""


@dataclass(slots=True)
class Stage:
    """What runs. `env` is what web and worker are started with."""

    folder: Path
    mongodb_uri: str
    redis_url: str
    database: str
    secret_key: str
    programs: dict[str, "Program"] = field(default_factory=dict)
    # Settings that web and worker share beside those above.
    shared_env: dict[str, str] = field(default_factory=dict)

    def settings(self, **changes: object) -> Settings:
        """The settings that web and worker have, for code of the bench that prepares or looks."""
        values: dict[str, object] = {
            "mongodb_uri": self.mongodb_uri,
            "redis_url": self.redis_url,
            "database": self.database,
            "secret_keys": self.secret_key,
            "data_dir": self.folder / "data",
            "log_level": "WARNING",
            **changes,
        }
        return Settings(_env_file=None, **values)  # type: ignore[arg-type]

    def environment(self, **changes: str) -> dict[str, str]:
        return {
            **os.environ,
            "MONGODB_URI": self.mongodb_uri,
            "REDIS_URL": self.redis_url,
            "PARLEY_DATABASE": self.database,
            "PARLEY_SECRET_KEYS": self.secret_key,
            "PARLEY_DATA_DIR": str(self.folder / "data"),
            "PARLEY_LOG_LEVEL": "WARNING",
            **self.shared_env,
            **changes,
        }

    async def start(
        self, name: str, argv: Iterable[str], *, port: int = 0, env: Mapping[str, str] | None = None
    ) -> "Program":
        """Starts a program from the repository's root; returns when its port takes connections."""
        program = Program(name, list(argv), self.folder / f"{name}.log", self.environment(**(env or {})))
        self.programs[name] = program
        if port:
            await program.listens(port)
        return program

    async def web(self, **env: str) -> str:
        """The web process; its base URL."""
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        code = f"import sys; from app import serve; sys.exit(serve.run('127.0.0.1', {port}))"
        await self.start("web", [sys.executable, "-c", code], port=port, env={"PARLEY_PUBLIC_URL": url, **env})
        return url

    async def worker(self, **env: str) -> None:
        """The worker process; returns when it serves its lanes."""
        redis = Redis.from_url(self.redis_url)
        for key in redis.scan_iter("parley:health:*"):
            redis.delete(key)
        await self.start("worker", [sys.executable, "-m", "arq", "app.worker.WorkerSettings"], env=env)
        deadline = time.monotonic() + _START_SECONDS
        while len(list(redis.scan_iter("parley:health:*"))) < 3:
            self.programs["worker"].require_alive()
            if time.monotonic() > deadline:
                raise DidNotStart("The worker serves no lane.")
            await asyncio.sleep(0.05)
        redis.close()

    async def stop(self, name: str) -> None:
        program = self.programs.pop(name, None)
        if program is not None:
            await asyncio.to_thread(program.stop)

    async def wake_worker(self) -> None:
        """The worker goes on; started if there is none yet."""
        if "worker" in self.programs:
            self.programs["worker"].go_on()
            # What fell due while it was held is no part of a message's cost.
            await asyncio.sleep(0.7)
        else:
            await self.worker()
            await asyncio.sleep(2)

    @asynccontextmanager
    async def supervised(self) -> AsyncIterator[None]:
        """
        What ends by itself is started again, as `python -m app up` and compose do: a worker ends when Redis goes away
        under arq, which may be some seconds after that.
        """

        async def watch() -> None:
            while True:
                for program in self.programs.values():
                    program.start_again()
                await asyncio.sleep(_WATCH_SECONDS)

        task = asyncio.create_task(watch())
        try:
            yield
        finally:
            await end([task])

    def cpu(self) -> dict[str, float]:
        """CPU seconds so far, by program."""
        return {name: program.cpu_seconds() for name, program in self.programs.items()}


class Program:
    """A child process; psutil knows what it costs, its own children included."""

    def __init__(self, name: str, argv: list[str], log: Path, env: Mapping[str, str]) -> None:
        self.name = name
        self._argv = argv
        self._env = dict(env)
        self._log = log
        self._start()

    def _start(self) -> None:
        root = Path(__file__).parent.parent
        with self._log.open("ab") as output:
            self._process = subprocess.Popen(
                self._argv, env=self._env, cwd=root, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
            )
        self._known = psutil.Process(self._process.pid)

    def kill(self) -> None:
        """SIGKILL: no goodbye, nothing flushed."""
        self._process.kill()
        self._process.wait(10)

    def start_again(self) -> None:
        """The same program with the same arguments, unless it runs."""
        if self._process.poll() is not None:
            self._start()

    def hold(self) -> None:
        """It stands still where it is, and takes no CPU."""
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    @property
    def pid(self) -> int:
        return self._process.pid

    def cpu_seconds(self) -> float:
        total = 0.0
        for process in (self._known, *self._known.children(recursive=True)):
            with contextlib.suppress(psutil.Error):
                times = process.cpu_times()
                total += times.user + times.system
        return total

    def memory_bytes(self) -> int:
        """Private memory (the kernel's USS)."""
        return int(self._known.memory_full_info().uss)

    def require_alive(self) -> None:
        if self._process.poll() is not None:
            lines = self._log.read_text(errors="replace").splitlines()[-15:]
            raise DidNotStart(f"{self.name} ended with {self._process.returncode}:\n" + "\n".join(lines))

    async def listens(self, port: int) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                return
            except OSError:
                self.require_alive()
                if time.monotonic() > deadline:
                    raise DidNotStart(f"{self.name} does not listen.") from None
            await asyncio.sleep(0.03)

    def stop(self) -> None:
        if self._process.poll() is None:
            self._process.terminate()
            self.go_on()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(10)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@asynccontextmanager
async def stage() -> AsyncIterator[Stage]:
    """The databases of MONGODB_URI and REDIS_URL, or embedded ones as `make run` starts them."""
    folder = Path(tempfile.mkdtemp(prefix="parley-bench-"))
    opened = Stage(folder, "", "", f"bench_{secrets.token_hex(4)}", secrets.token_urlsafe(48))
    try:
        await _open_database(opened)
        await _open_valkey(opened)
        yield opened
    finally:
        # What stands on the databases ends first.
        below = {"database", "valkey"} & opened.programs.keys()
        for names in (opened.programs.keys() - below, below):
            await asyncio.gather(*map(opened.stop, names))
        shutil.rmtree(folder, ignore_errors=True)


async def _open_database(opened: Stage) -> None:
    given = os.environ.get("MONGODB_URI")
    if given:
        opened.mongodb_uri = given
        return
    port = free_port()
    storage = opened.folder / "mongo"
    program = Path(sys.executable).with_name("secantusd-py")
    argv = [str(program), "--host", "127.0.0.1", "--port", str(port), "--storage-path", str(storage)]
    argv += ["--standalone", "--sync-on-commit", "--cache-size", "256M", "--log-level", "WARNING"]
    await opened.start("database", argv, port=port)
    opened.mongodb_uri = f"mongodb://127.0.0.1:{port}/?directConnection=true"
    deadline = time.monotonic() + _START_SECONDS
    with MongoClient[dict[str, object]](opened.mongodb_uri, serverSelectionTimeoutMS=500) as client:
        while True:
            try:
                client.admin.command("ping")
                return
            except PyMongoError:
                opened.programs["database"].require_alive()
                if time.monotonic() > deadline:
                    raise
            await asyncio.sleep(0.05)


async def _open_valkey(opened: Stage) -> None:
    given = os.environ.get("REDIS_URL")
    if given:
        opened.redis_url = given
        return
    path = opened.folder / "valkey.socket"
    argv = [str(valkey.choose()), "--port", "0", "--unixsocket", str(path), "--dir", str(opened.folder), "--save", ""]
    argv += ["--appendonly", "yes", "--appendfsync", "everysec", "--maxmemory-policy", "noeviction"]
    await opened.start("valkey", argv)
    opened.redis_url = f"unix://{path}?db=0"
    deadline = time.monotonic() + _START_SECONDS
    redis = Redis.from_url(opened.redis_url)
    while True:
        try:
            redis.ping()
            break
        except (RedisError, OSError):
            opened.programs["valkey"].require_alive()
            if time.monotonic() > deadline:
                raise
        await asyncio.sleep(0.02)
    redis.close()
