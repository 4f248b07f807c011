"""
The data folder of one instance: its lock, what was made up on the first start and must be kept, and what runs now.

    lock            held as long as an instance runs; the kernel lets go of it, however the process ends
    instance.json   secret keys, passwords, which database wrote the data (0600)
    run.json        addresses and process ids of the running instance, for operator commands beside it (0600)
"""

import fcntl
import json
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, TypeVar

import psutil

_STRAY_SECONDS = 5.0

_Stored = TypeVar("_Stored", "Kept", "Running")


class InstanceError(Exception):
    """The data folder cannot be used; the message says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """
    Made up on the first start. `database_program` is the one that wrote the data; `user_ready`: it knows our user;
    `demo`: whether this is a demo, once that is decided.
    """

    secret_keys: str = field(repr=False)
    database_password: str = field(repr=False)
    demo_password: str = field(repr=False)
    database_program: str = ""
    database_port: int = 0
    user_ready: bool = False
    demo: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """The instance that runs now. `database_port` is 0 for a database of the settings, `redis_url` empty likewise."""

    pid: int
    created_at: float
    web_url: str
    public_url: str
    sandbox_url: str
    demo: bool
    database_port: int
    redis_url: str
    # Name → (process id, time of its birth): what a killed parent may have left behind.
    children: dict[str, tuple[int, float]]


@contextmanager
def lock(folder: Path) -> Iterator[None]:
    """Makes the folder and holds it. Raises InstanceError if another instance does."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise InstanceError(f"The data folder {folder} cannot be used: {error.strerror}.") from None
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.read(descriptor, 20).decode("ascii", "replace").strip()
            who = f" (process {holder})" if holder.isdigit() else ""
            raise InstanceError(
                f"Parley already runs on {folder}{who}. Stop that one first, or give this one a folder of its own: "
                "PARLEY_DATA_DIR=other-data make run"
            ) from None
        os.truncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(descriptor)


def kept(folder: Path) -> Kept:
    """What was made up, or is now. Raises InstanceError when the file is there and cannot be read."""
    path = folder / "instance.json"
    try:
        return _load(Kept, path)
    except FileNotFoundError:
        made = Kept(
            secret_keys=secrets.token_urlsafe(48),
            database_password=secrets.token_urlsafe(24),
            demo_password=_speakable(),
        )
        keep(folder, made)
        return made
    except (OSError, ValueError, TypeError) as error:
        raise InstanceError(
            f"{path} cannot be read ({type(error).__name__}). It holds the keys of everything in {folder}: "
            "put it back from a backup. Without it the stored credentials are lost."
        ) from None


def keep(folder: Path, values: Kept) -> None:
    _store(folder / "instance.json", asdict(values))


def note_running(folder: Path, running: Running, pids: dict[str, int]) -> None:
    children = {name: (pid, born) for name, pid in pids.items() if (born := _born(pid)) is not None}
    _store(folder / "run.json", asdict(replace(running, children=children)))


def forget_running(folder: Path) -> None:
    (folder / "run.json").unlink(missing_ok=True)


def running(folder: Path) -> Running | None:
    """The instance that runs on this folder now, if one does."""
    try:
        found = _load(Running, folder / "run.json")
    except (OSError, ValueError, TypeError):
        return None
    return found if _is_born_at(found.pid, found.created_at) else None


def this_process() -> tuple[int, float]:
    """Our id, and the time of our birth."""
    return os.getpid(), psutil.Process().create_time()


def end_strays(folder: Path) -> list[str]:
    """
    Ends children that a killed parent left behind, where the kernel did not; their names.

    Called with the lock held, so their parent is surely gone. A process is only ended if it was born when ours was:
    the number may belong to somebody else by now.
    """
    try:
        left = _load(Running, folder / "run.json").children
    except (OSError, ValueError, TypeError):
        return []
    strays = [(name, pid) for name, (pid, born) in left.items() if _is_born_at(pid, born)]
    for _, pid in strays:
        with suppress(psutil.Error):
            psutil.Process(pid).terminate()
    deadline = time.monotonic() + _STRAY_SECONDS
    for _, pid in strays:
        with suppress(psutil.Error):
            stray = psutil.Process(pid)
            try:
                stray.wait(max(0.1, deadline - time.monotonic()))
            except psutil.TimeoutExpired:
                stray.kill()
    return [name for name, _ in strays]


def _is_born_at(pid: int, at: float) -> bool:
    born = _born(pid)
    # The kernel tells the time since boot, and its idea of when that was moves a little with the clock.
    return born is not None and abs(born - at) < 2


def _born(pid: int) -> float | None:
    try:
        found = psutil.Process(pid)
        return None if found.status() == psutil.STATUS_ZOMBIE else found.create_time()
    except psutil.Error:
        return None


def _load(kind: type[_Stored], path: Path) -> _Stored:
    values = json.loads(path.read_text("utf-8"))
    names = {f.name for f in fields(kind)}
    return kind(**{name: value for name, value in values.items() if name in names})


def _store(path: Path, values: dict[str, Any]) -> None:
    """Whole or not at all, and for our eyes only."""
    partial = path.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(values, file, indent=2)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def _speakable() -> str:
    """About 50 random bits that a person can read out: `bavo-kiru-zeta-monu`."""
    consonants, vowels = "bdfgklmnprstvz", "aeiou"
    groups = ("".join(secrets.choice(part) for part in (consonants, vowels) * 2) for _ in range(4))
    return "-".join(groups)
