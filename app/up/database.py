"""
The embedded database: which program it is, how it is started, and the user without whom nobody gets in.

In this order: the program named by PARLEY_MONGOD_PATH, a `mongod` found on PATH, SecantusDB from the virtual
environment. Data belongs to the program that wrote it: a `mongod` installed later does not make it vanish.
"""

import asyncio
import base64
import hashlib
import os
import shutil
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

from app.core import mongo
from app.up import instance, ports, probes
from app.up.instance import Kept
from app.up.process import Process
from app.up.process import start as start_process
from app.up.supervisor import Program

HOST = "127.0.0.1"
USER = "parley"
_USUAL_PORT = 27_117
_START_SECONDS = 60.0
_STOP_SECONDS = 15.0
_REPLICA_SET = "parley"

_NONE = """There is no database to start. Any of these will do:
  - set MONGODB_URI to a MongoDB that you have;
  - install MongoDB, so that `mongod` is on PATH (https://www.mongodb.com/docs/manual/installation/);
  - use Python 3.11, 3.12 or 3.13, for which there is an embedded database: make clean, then
    make run PYTHON=python3.13. This is Python {version};
  - set PARLEY_MONGOD_PATH to another MongoDB-compatible server program."""
_GONE = """The data in {folder} was written by {recorded}, which is not there any more.
Install it again or set PARLEY_MONGOD_PATH to it. To begin with an empty database, set another PARLEY_DATA_DIR."""
_HINT = """What to do: look at the lines above. A full disk or wrong owner of {folder} are the usual reasons. With
MONGODB_URI set, Parley uses a MongoDB of yours and starts none."""


class NoDatabase(Exception):
    """No embedded database can be started; the message says what to install or set."""


@dataclass(frozen=True, slots=True)
class Engine:
    """A server program. `kind` says how it is spoken to on the command line."""

    kind: str
    path: Path

    @property
    def label(self) -> str:
        return "SecantusDB" if self.kind == "secantusd" else self.path.name


def uri(kept: Kept) -> str:
    """Where the embedded database is, with the password."""
    login = f"{USER}:{quote(kept.database_password, safe='')}@"
    return f"mongodb://{login}{HOST}:{kept.database_port}/?directConnection=true&authSource=admin"


def choose(mongod_path: str, recorded: str, folder: Path) -> Engine:
    """Which program to start; `recorded` wrote the data that is there. Raises NoDatabase."""
    if mongod_path:
        found = shutil.which(mongod_path)
        if found is None:
            raise NoDatabase(f"PARLEY_MONGOD_PATH: there is no program {mongod_path}.")
        return _engine(Path(found))
    mongod = shutil.which("mongod")
    # Beside the interpreter, where the virtual environment has it; PATH may not name that folder.
    secantusd = Path(sys.executable).with_name("secantusd-py")
    offers = [Path(mongod)] if mongod else []
    offers += [secantusd] if secantusd.exists() else []
    for offer in offers:
        if not recorded or _engine(offer).kind == recorded:
            return _engine(offer)
    if recorded:
        raise NoDatabase(_GONE.format(folder=folder, recorded=recorded))
    raise NoDatabase(_NONE.format(version=".".join(map(str, sys.version_info[:2]))))


async def prepare(engine: Engine, data_dir: Path, known: Kept, env: Mapping[str, str], log_path: Path) -> Kept:
    """
    Everything before the supervised start: a port, and on the first start the user. What is kept from now on.

    Raises NoDatabase.
    """
    port = known.database_port
    if not port or not ports.is_free(HOST, port):
        if engine.kind == "mongod" and known.user_ready:
            raise NoDatabase(
                f"Port {port}, to which this database is tied, is used by another program. Stop that one first."
            )
        port = ports.pick(HOST, 0, _USUAL_PORT)
    known = replace(known, database_program=engine.kind, database_port=port)
    if not known.user_ready:
        # Remembered only when done: killed half way, the next start makes the user again.
        await _make_user(engine, data_dir, known, env, log_path)
        known = replace(known, user_ready=True)
    instance.keep(data_dir, known)
    return known


def program(
    engine: Engine, data_dir: Path, known: Kept, client: mongo.Client, env: Mapping[str, str], log_path: Path
) -> Program:
    """The database as the supervisor runs it. `client` is signed in."""

    async def probe() -> None:
        # Much cheaper than a client that looks for a server which is not there yet.
        await probes.port_open(HOST, known.database_port)
        await probes.database_answers(client)

    return Program(
        name="database",
        argv=_argv(engine, data_dir, known, guarded=True),
        env=env,
        probe=probe,
        log_path=log_path,
        start_seconds=_START_SECONDS,
        stop_seconds=_STOP_SECONDS,
        hint=_HINT.format(folder=data_dir / _folder(engine)),
    )


async def _make_user(engine: Engine, data_dir: Path, known: Kept, env: Mapping[str, str], log_path: Path) -> None:
    """
    One short start to make our user in. SecantusDB runs it without sign-in, on loopback and still empty; mongod lets
    the first user be made from this machine and nothing else be done.
    """
    argv = _argv(engine, data_dir, known, guarded=engine.kind == "mongod")
    running = await start_process(argv, env=env, folder=data_dir, log_path=log_path)
    client = mongo.connect(f"mongodb://{HOST}:{known.database_port}/?directConnection=true")
    try:
        await _wait_for(running, known.database_port, log_path)
        if engine.kind == "mongod":
            await _make_replica_set(client, known.database_port)
        await _put_user(client, known.database_password)
    except mongo.DatabaseError as error:
        raise NoDatabase(f"The database did not let its user be made: {error}\nIts log: {log_path}") from None
    finally:
        await client.close()
        await running.stop(15, _STOP_SECONDS)


async def _wait_for(running: Process, port: int, log_path: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            return await probes.port_open(HOST, port)
        except OSError:
            if running.ended or time.monotonic() > deadline:
                if running.ended:
                    await running.wait()
                lines = "\n".join(f"    {line[:300]}" for line in running.last_lines)
                raise NoDatabase(
                    f"The database did not come up. Its last lines:\n{lines}\nAll of its log: {log_path}"
                ) from None
            await asyncio.sleep(0.04)


async def _make_replica_set(client: mongo.Client, port: int) -> None:
    config = {"_id": _REPLICA_SET, "members": [{"_id": 0, "host": f"{HOST}:{port}"}]}
    try:
        await client.admin.command("replSetInitiate", config)
    except mongo.DatabaseError as error:
        if getattr(error, "code", None) != 23:  # initiated by an earlier start that was killed
            raise
    async with asyncio.timeout(_START_SECONDS):
        while not (await client.admin.command("hello")).get("isWritablePrimary"):  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.1)


async def _put_user(client: mongo.Client, password: str) -> None:
    roles = [{"role": "root", "db": "admin"}]
    try:
        await client.admin.command("createUser", USER, pwd=password, roles=roles)
    except mongo.DatabaseError:
        await client.admin.command("updateUser", USER, pwd=password)


def _engine(path: Path) -> Engine:
    return Engine("secantusd" if path.name.startswith("secantusd") else "mongod", path)


def _folder(engine: Engine) -> str:
    return "mongo" if engine.kind == "secantusd" else "mongod"


def _argv(engine: Engine, data_dir: Path, known: Kept, *, guarded: bool) -> tuple[str, ...]:
    folder = data_dir / _folder(engine)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    port = str(known.database_port)
    if engine.kind == "secantusd":
        # A file of ours, if an empty one: without it the program looks for one in the working and home folders.
        config = data_dir / "secantusd.toml"
        config.touch(mode=0o600)
        return (
            *(str(engine.path), "--config", str(config), "--host", HOST, "--port", port),
            *("--storage-path", str(folder), "--standalone", "--sync-on-commit"),
            *("--cache-size", "256M", "--log-level", "WARNING"),
            *(("--auth",) if guarded else ()),
        )
    return (
        *(str(engine.path), "--bind_ip", HOST, "--port", port, "--dbpath", str(folder), "--nounixsocket", "--quiet"),
        *("--replSet", _REPLICA_SET, "--keyFile", str(_key_file(data_dir, known)), "--wiredTigerCacheSizeGB", "0.25"),
    )


def _key_file(data_dir: Path, known: Kept) -> Path:
    """What mongod wants of a replica set with users; derived, so that losing the file loses nothing."""
    path = data_dir / "mongod.key"
    if not path.exists():
        digest = hashlib.sha512(known.database_password.encode()).digest()
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(base64.b64encode(digest))
    return path
