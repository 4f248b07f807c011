"""Checks of what Parley keeps things in: database, queue, workers, files, disk."""

import asyncio
import shutil
import tempfile
import time
from datetime import datetime
from pathlib import Path

from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from app.core import migrations, mongo
from app.core.files import Files
from app.core.platform import probes
from app.core.queue import Lane, health_key
from app.doctor.findings import Finding, failed, ok, warning

_ANSWER_SECONDS = 6.0
_LATE_SECONDS = 60.0
_SPOOLED_SECONDS = 10.0
_STUCK_SECONDS = 600.0
_LITTLE_DISK_BYTES = 2_000_000_000
_NO_DISK_BYTES = 200_000_000

_MIGRATE = "Run: python -m app migrate"


async def database(db: mongo.Database) -> list[Finding]:
    """Answers, and keeps a journaled write; then what it should hold."""
    try:
        # The driver itself would look for a server that is gone for much longer.
        async with asyncio.timeout(_ANSWER_SECONDS):
            version = await probes.server_version(db)
            await probes.write_and_read(db)
    except (mongo.DatabaseError, LookupError, TimeoutError) as error:
        return [
            failed(
                "database",
                f"does not keep what is written: {_words(error)}",
                "Is it running, is its disk full, and are address, user and password in MONGODB_URI right?",
            )
        ]
    found = [ok("database", f"answers (version {version}) and keeps a journaled write")]
    missing = await mongo.missing_indexes(db)
    found.append(
        failed("indexes", f"{len(missing)} are missing: {', '.join(missing[:3])}", _MIGRATE)
        if missing
        else ok("indexes", "all are there")
    )
    pending = await migrations.pending(db)
    found.append(
        failed("migrations", f"not done yet: {', '.join(pending)}", _MIGRATE)
        if pending
        else ok("migrations", "all done")
    )
    return found


async def queue(redis: Redis) -> list[Finding]:
    """Answers, keeps what it is given, and throws nothing away."""
    try:
        await redis.set("parley:doctor", "", px=1)
    except ResponseError as error:
        advice = "Make room where it keeps its data: memory (maxmemory) or disk. Nothing stored is lost meanwhile."
        return [failed("queue", f"answers, and keeps nothing: {_words(error)}", advice)]
    except (RedisError, OSError) as error:
        advice = "Is it running, and are address and password in REDIS_URL right? Nothing stored is lost meanwhile."
        return [failed("queue", f"does not answer: {_words(error)}", advice)]
    found = [ok("queue", "Redis or Valkey answers")]
    try:
        told = {**await redis.config_get("appendonly"), **await redis.config_get("maxmemory-policy")}
    except RedisError:
        # Hosted services do not let anybody look.
        return found
    said = {_text(key): _text(value) for key, value in told.items()}
    if said.get("maxmemory-policy", "noeviction") != "noeviction":
        advice = "Set maxmemory-policy to noeviction, or queued work vanishes when memory is short."
        found.append(warning("queue", f"may throw data away ({said['maxmemory-policy']})", advice))
    if said.get("appendonly") == "no":
        advice = "Set appendonly to yes. Without it a restart loses the queue, which is then rebuilt, and every "
        found.append(warning("queue", "keeps nothing over a restart", f"{advice}screen reloads."))
    return found


async def workers(redis: Redis) -> Finding:
    present = await redis.mget([health_key(lane) for lane in Lane])
    missing = [lane.value for lane, value in zip(Lane, present, strict=True) if value is None]
    if missing:
        return failed(
            "workers",
            f"nobody works on: {', '.join(missing)}",
            "Start one: python -m app worker. With make run, look at data/logs/worker.log.",
        )
    return ok("workers", f"alive on every lane ({', '.join(lane.value for lane in Lane)})")


async def waiting(db: mongo.Database, now: datetime) -> list[Finding]:
    """Work that waits too long; what is fresh is just being done."""
    found: list[Finding] = []
    for kind, (count, oldest) in (await probes.waiting(db)).items():
        late = (now - oldest).total_seconds() if oldest else 0.0
        if late < _LATE_SECONDS:
            continue
        say = failed if late > _STUCK_SECONDS else warning
        advice = "Are workers alive and the providers reachable? The worker's log says why it is not done."
        found.append(say("waiting work", f"{kind}: {count} wait, the oldest for {late / 60:.0f} min", advice))
    return found or [ok("waiting work", "nothing waits too long")]


async def files(store: Files) -> Finding:
    try:
        await store.check()
    except Exception as error:
        # An edge: each kind of store raises its own errors, and all mean the same here.
        advice = "Check PARLEY_FILES_URL, or owner and free space of the data folder."
        return failed("files", f"cannot be written and read: {_words(error.__cause__ or error)}", advice)
    return ok("files", "can be written, read and deleted")


def folder(data_dir: Path) -> Finding:
    """What providers sent while the database was down lies in it, and files where no other place is set."""
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=data_dir) as probe:
            probe.write(b"ok")
    except OSError as error:
        advice = "Make room on its disk, give the folder to the user that Parley runs as, or set PARLEY_DATA_DIR."
        return failed("data folder", f"{data_dir} cannot be written: {error.strerror}", advice)
    return ok("data folder", f"{data_dir} can be written")


def disk(data_dir: Path) -> Finding:
    free = shutil.disk_usage(data_dir).free
    detail = f"{free / 1e9:.1f} GB free in {data_dir}"
    if free < _NO_DISK_BYTES:
        return failed("disk", detail, "Free some space now: the databases stop when the disk is full.")
    if free < _LITTLE_DISK_BYTES:
        return warning("disk", detail, "Free some space soon.")
    return ok("disk", detail)


def spool(data_dir: Path) -> Finding:
    """What providers sent while the database was down; delivery reports lie there for a moment at any time."""
    found = [path.stat() for path in (data_dir / "spool").glob("*") if path.is_file()]
    waiting_bytes = sum(file.st_size for file in found if time.time() - file.st_mtime > _SPOOLED_SECONDS)
    if waiting_bytes:
        detail = f"{waiting_bytes / 1e6:.2f} MB of provider events wait on disk for the database"
        return warning("spool", detail, "They are drained by the web process as soon as the database can be written.")
    return ok("spool", "empty")


def _words(error: BaseException) -> str:
    text = str(error).split("\n")[0].split(", Timeout:")[0]
    return f"{type(error).__name__}: {text[:160]}" if text else type(error).__name__


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
