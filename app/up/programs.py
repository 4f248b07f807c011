"""Web, worker and sandbox as the supervisor runs them, and the environment in which they do."""

import json
import os
import socket
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from redis.asyncio import Redis

from app.core.settings import Settings
from app.up import probes
from app.up.supervisor import Program
from app.up.terminal import Terminal

_OURS = ("PARLEY_", "MONGODB_URI", "REDIS_URL")
# Provider settings that the sandbox stands in for, and where it does.
_SANDBOX_PATHS = {
    "graph_url": "/graph",
    "twilio_url": "/twilio",
    "telegram_url": "/telegram",
    "push_url": "/push",
    "libretranslate_url": "/libretranslate",
    "deepl_url": "/deepl",
}


def bare_environment() -> dict[str, str]:
    """Ours without any setting or secret: for programs that are not Parley."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    return {**kept, "PYTHONUNBUFFERED": "1"}


def environment(
    settings: Settings, *, mongodb_uri: str, redis_url: str, secret_keys: str, public_url: str, sandbox_url: str
) -> dict[str, str]:
    """What web and worker are started with: the settings in force, with what was started for them filled in."""
    env = dict(os.environ)
    env |= {
        "PYTHONUNBUFFERED": "1",
        "MONGODB_URI": mongodb_uri,
        "REDIS_URL": redis_url,
        "PARLEY_SECRET_KEYS": secret_keys,
        "PARLEY_DATA_DIR": str(settings.data_dir.resolve()),
        "PARLEY_PUBLIC_URL": public_url,
        # Their output goes to log files and is read here for warnings.
        "PARLEY_LOG_JSON": "true",
        "PARLEY_DEMO": "true" if sandbox_url else "false",
        "PARLEY_SANDBOX_URL": sandbox_url,
    }
    return env | {f"PARLEY_{name.upper()}": url for name, url in provider_urls(settings, sandbox_url).items()}


def provider_urls(settings: Settings, sandbox_url: str) -> dict[str, str]:
    """Settings that lead to the sandbox instead of a provider: those that nobody has set; none without a sandbox."""
    if not sandbox_url:
        return {}
    return {name: sandbox_url + path for name, path in _SANDBOX_PATHS.items() if name not in settings.model_fields_set}


def web(listening: socket.socket, local_url: str, env: Mapping[str, str], logs: Path, terminal: Terminal) -> Program:
    fd = listening.fileno()
    return Program(
        name="web",
        argv=(sys.executable, "-m", "app", "serve", "--fd", str(fd)),
        env=env,
        probe=lambda: probes.http_ok(f"{local_url}/healthz"),
        log_path=logs / "web.log",
        pass_fds=(fd,),
        stop_seconds=8.0,
        on_line=warnings_of("web", terminal),
    )


def worker(redis: Redis, env: Mapping[str, str], logs: Path, terminal: Terminal) -> Program:
    return Program(
        name="worker",
        argv=(sys.executable, "-m", "app", "worker"),
        env=env,
        probe=lambda: probes.workers_alive(redis),
        log_path=logs / "worker.log",
        stop_seconds=8.0,
        on_line=warnings_of("worker", terminal),
    )


def sandbox(host: str, port: int, url: str, data_dir: Path, logs: Path) -> Program:
    return Program(
        name="sandbox",
        argv=(
            *(sys.executable, "-m", "sandbox", "--host", host, "--port", str(port)),
            *("--data-dir", str(data_dir / "sandbox")),
        ),
        env=bare_environment(),
        probe=lambda: probes.http_ok(f"{url}/_sandbox/clock"),
        log_path=logs / "sandbox.log",
    )


def warnings_of(name: str, terminal: Terminal) -> Callable[[str], None]:
    """Shows the log's warnings and errors on the terminal, one short line each; the log file has all of them."""

    def hear(line: str) -> None:
        if not line.startswith("{"):
            return
        try:
            event = json.loads(line)
        except ValueError:
            return
        if event.get("level") in ("warning", "error", "critical"):
            about = ", ".join(f"{key} {event[key]}" for key in ("task", "job", "error", "lane") if event.get(key))
            terminal.trouble(name, f"{event.get('event', '?')}{f' ({about})' if about else ''}"[:200])

    return hear
