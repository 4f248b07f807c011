"""Database and queue, embedded or those of the settings: what to start, and an open connection to each."""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

from redis.asyncio import Redis
from redis.exceptions import RedisError

from app.core import mongo
from app.core.settings import Settings
from app.up import database, valkey
from app.up.instance import Kept
from app.up.supervisor import Program

# Somebody sits in front of the screen; one that takes longer when it has nothing to do is of no use either.
_ANSWER_SECONDS = 5.0


class ServerDown(Exception):
    """A server named in the settings does not answer; the message says which and what to look at."""


@dataclass(frozen=True, slots=True)
class Servers:
    """`programs` are to be started; `labels` say what they are. `kept` is what the instance keeps from now on."""

    mongodb_uri: str = field(repr=False)
    redis_url: str = field(repr=False)
    client: mongo.Client = field(repr=False)
    redis: Redis = field(repr=False)
    programs: tuple[Program, ...]
    labels: Mapping[str, str]
    kept: Kept

    @property
    def database_port(self) -> int:
        """0 when the database is one of the settings."""
        return self.kept.database_port if "database" in {program.name for program in self.programs} else 0


async def open_servers(
    settings: Settings, data_dir: Path, kept: Kept, env: Mapping[str, str], logs: Path, stack: AsyncExitStack
) -> Servers:
    """Finds and prepares both. Connections close with `stack`. Raises NoDatabase, NoValkey."""
    started: list[Program] = []
    labels = {"database": "the one of MONGODB_URI", "queue": "the one of REDIS_URL"}

    mongodb_uri = settings.mongodb_uri.get_secret_value()
    engine = None
    if not mongodb_uri:
        engine = database.choose(settings.mongod_path, kept.database_program, data_dir)
        kept = await database.prepare(engine, data_dir, kept, env, logs / "database.log")
        mongodb_uri = database.uri(kept)
    client = mongo.connect(mongodb_uri)
    stack.push_async_callback(client.close)
    if engine is not None:
        labels["database"] = f"{engine.label} on port {kept.database_port}"
        started.append(database.program(engine, data_dir, kept, client, env, logs / "database.log"))

    redis_url = settings.redis_url.get_secret_value()
    path = None
    if not redis_url:
        path = valkey.choose()
        redis_url = valkey.url(data_dir)
    redis = Redis.from_url(redis_url, socket_timeout=3, socket_connect_timeout=3)
    stack.push_async_callback(redis.aclose)
    if path is not None:
        labels["queue"] = "Valkey on a socket"
        started.append(valkey.program(path, data_dir, redis, env, logs / "queue.log"))
    return Servers(mongodb_uri, redis_url, client, redis, tuple(started), labels, kept)


async def require_answers(servers: Servers) -> None:
    """Both answer now. Raises ServerDown."""
    try:
        await mongo.answers(servers.client, within_seconds=_ANSWER_SECONDS)
    except mongo.DatabaseError as error:
        raise ServerDown(
            f"The database of MONGODB_URI does not answer: {type(error).__name__}.\n"
            "Is it running, and are address, user and password right?"
        ) from None
    try:
        await servers.redis.ping()
    except (RedisError, OSError) as error:
        raise ServerDown(
            f"The Redis or Valkey of REDIS_URL does not answer: {type(error).__name__}.\n"
            "Is it running, and are address and password right?"
        ) from None
