"""`python -m app up`: starts everything in order, says where it is, waits, and stops everything in reverse order."""

import asyncio
import signal
import sys
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from socket import socket

from app.core import migrations
from app.core.clock import Clock
from app.core.migrations import MigrationsBusy
from app.core.settings import Settings
from app.core.tasks import end
from app.up import first_run, frontend, instance, ports, probes, programs
from app.up.database import NoDatabase
from app.up.first_run import CannotStart
from app.up.frontend import NotBuilt
from app.up.instance import InstanceError, Kept, Running
from app.up.ports import PortTaken
from app.up.process import start as start_process
from app.up.servers import ServerDown, Servers, open_servers, require_answers
from app.up.supervisor import DidNotStart, Supervisor
from app.up.terminal import Terminal
from app.up.valkey import NoValkey

ROOT = Path(__file__).resolve().parents[2]
USUAL_WEB_PORT = 8000
USUAL_SANDBOX_PORT = 9100
# Whatever PARLEY_HOST says: it asks nobody for a password.
SANDBOX_HOST = "127.0.0.1"
# It goes on where it was stopped; a machine that is busy with its first start may make it wait too long once.
_DEMO_TRIES = 2

# What a person can do something about: said in words, without a traceback.
EXPECTED = (
    *(CannotStart, DidNotStart, InstanceError, MigrationsBusy, NoDatabase),
    *(NoValkey, NotBuilt, PortTaken, ServerDown),
)


@dataclass(slots=True)
class _Up:
    """One instance: what is decided before anything starts, and what stops it."""

    settings: Settings
    terminal: Terminal
    data_dir: Path
    kept: Kept
    demo: bool
    listening: socket
    web_url: str
    sandbox_port: int
    sandbox_url: str
    stack: AsyncExitStack
    supervisor: Supervisor = field(init=False)
    servers: Servers | None = None
    loading: asyncio.Task[None] | None = None
    began: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.supervisor = Supervisor(ROOT, self.terminal, self.note_running)

    @property
    def logs(self) -> Path:
        return self.data_dir / "logs"

    @property
    def public_url(self) -> str:
        return self.settings.public_url or self.web_url

    def note_running(self) -> None:
        """Tells operator commands beside us where everything is."""
        pid, born = instance.this_process()
        embedded_queue = self.servers is not None and "queue" in {p.name for p in self.servers.programs}
        running = Running(
            pid=pid,
            created_at=born,
            web_url=self.web_url,
            public_url=self.public_url,
            sandbox_url=self.sandbox_url,
            demo=self.demo,
            database_port=self.servers.database_port if self.servers else 0,
            redis_url=self.servers.redis_url if self.servers and embedded_queue else "",
            children={},
        )
        instance.note_running(self.data_dir, running, self.supervisor.pids)


def run(settings: Settings) -> int:
    """Until Ctrl-C or SIGTERM; the exit code."""
    terminal = Terminal()
    try:
        return asyncio.run(_run(settings, terminal))
    except EXPECTED as error:
        terminal.line(f"\n{error}")
        return 1


async def _run(settings: Settings, terminal: Terminal) -> int:
    stop, hurry = asyncio.Event(), asyncio.Event()
    _listen_to_signals(stop, hurry)
    data_dir = settings.data_dir.resolve()
    with instance.lock(data_dir):
        terminal.line("Parley is starting …")
        for name in await asyncio.to_thread(instance.end_strays, data_dir):
            terminal.trouble(name, "was left behind by an earlier run and has been ended")
        instance.forget_running(data_dir)
        async with AsyncExitStack() as stack:
            up = _decide(settings, terminal, data_dir, stack)
            starting = asyncio.create_task(_start(up))
            stopping = asyncio.create_task(stop.wait())
            try:
                await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
                if starting.done():
                    starting.result()
                    await stopping
                terminal.line("\n  Stopping … (once more to stop at once)")
            finally:
                await end((starting, stopping))
                await _stop(up, hurry)
                instance.forget_running(data_dir)
    terminal.line(f"  Stopped. Everything is kept in {_short(data_dir)}.")
    return 0


def _decide(settings: Settings, terminal: Terminal, data_dir: Path, stack: AsyncExitStack) -> _Up:
    """Ports, and demo or not. Raises InstanceError, CannotStart, PortTaken."""
    kept = instance.kept(data_dir)
    demo = first_run.is_demo(settings, kept)
    listening = stack.enter_context(ports.listen(settings.host, settings.port, USUAL_WEB_PORT))
    host = ports.reachable_host(settings.host)
    sandbox_port = ports.pick(SANDBOX_HOST, settings.sandbox_port, USUAL_SANDBOX_PORT) if demo else 0
    return _Up(
        settings=settings,
        terminal=terminal,
        data_dir=data_dir,
        kept=kept,
        demo=demo,
        listening=listening,
        web_url=f"http://{host}:{listening.getsockname()[1]}",
        sandbox_port=sandbox_port,
        sandbox_url=f"http://{SANDBOX_HOST}:{sandbox_port}" if demo else "",
        stack=stack,
    )


async def _start(up: _Up) -> None:
    """Raises one of EXPECTED."""
    building = asyncio.create_task(
        frontend.build(ROOT, programs.bare_environment(), up.logs / "build.log", up.terminal)
    )
    try:
        servers = await _start_servers(up)
        await _migrate(up, servers)
        env = programs.environment(
            up.settings,
            mongodb_uri=servers.mongodb_uri,
            redis_url=servers.redis_url,
            secret_keys=_secret_keys(up),
            public_url=up.public_url,
            sandbox_url=up.sandbox_url,
        )
        began = time.monotonic()
        await probes.forget_workers(servers.redis)
        await up.supervisor.start(
            programs.worker(servers.redis, env, up.logs, up.terminal),
            programs.web(up.listening, up.web_url, env, up.logs, up.terminal),
        )
        up.terminal.step("web, worker", "answer", time.monotonic() - began)
        up.terminal.step("front end", await building)
    finally:
        await end((building,))
    if up.demo:
        up.loading = asyncio.create_task(_load_demo(up, env))
        _welcome_to_demo(up)
    else:
        link = await first_run.owner_link(servers.client[up.settings.database], up.settings, env, ROOT, up.logs)
        _welcome(up, link)


async def _start_servers(up: _Up) -> Servers:
    """Database, queue and sandbox: none needs another."""
    began = time.monotonic()
    bare = programs.bare_environment()
    servers = await open_servers(up.settings, up.data_dir, up.kept, bare, up.logs, up.stack)
    up.servers, up.kept = servers, servers.kept
    wanted = list(servers.programs)
    if up.demo:
        wanted.append(programs.sandbox(SANDBOX_HOST, up.sandbox_port, up.sandbox_url, up.data_dir, up.logs))
    await up.supervisor.start(*wanted)
    await require_answers(servers)
    took = time.monotonic() - began
    up.terminal.step("database", servers.labels["database"], took)
    up.terminal.step("queue", servers.labels["queue"])
    if up.demo:
        up.terminal.step("sandbox", f"stands in for WhatsApp, SMS and Telegram on port {up.sandbox_port}")
    return servers


async def _migrate(up: _Up, servers: Servers) -> None:
    db = servers.client[up.settings.database]
    began = time.monotonic()
    ran = await migrations.run(db, Clock())
    if ran:
        new = len(ran) == len(migrations.MIGRATIONS)
        told = "a new database is made" if new else f"brought up to date: {', '.join(ran)}"
        up.terminal.step("data", told, time.monotonic() - began)
    await first_run.decide(db, up.settings, up.data_dir, up.kept, up.demo)


async def _load_demo(up: _Up, env: dict[str, str]) -> None:
    """Beside the running instance: the screen is open while its first conversations arrive."""
    argv = [sys.executable, "-m", "app", "demo"]
    last = ""
    for _ in range(_DEMO_TRIES):
        process = await start_process(argv, env=env, folder=ROOT, log_path=up.logs / "demo.log")
        try:
            if await process.wait() == 0:
                return
            last = process.last_lines[-1] if process.last_lines else "no reason given"
        finally:
            await process.stop(signal.SIGTERM, 3)
    up.terminal.trouble("demo", f"not all of it could be loaded: {last[:200]} (see {up.logs / 'demo.log'})")


async def _stop(up: _Up, hurry: asyncio.Event) -> None:
    stopping = asyncio.create_task(_stop_politely(up))
    hurrying = asyncio.create_task(hurry.wait())
    await asyncio.wait({stopping, hurrying}, return_when=asyncio.FIRST_COMPLETED)
    hurrying.cancel()
    if not stopping.done():
        await end((stopping,))
        await up.supervisor.kill()
    else:
        stopping.result()


async def _stop_politely(up: _Up) -> None:
    if up.loading is not None:
        await end((up.loading,))
    await up.supervisor.stop_watching()
    if up.servers is not None:
        # Before its server is gone: it says goodbye, and would look for it for seconds.
        await up.servers.client.close()
    await up.supervisor.stop()


def _listen_to_signals(stop: asyncio.Event, hurry: asyncio.Event) -> None:
    def heard() -> None:
        (hurry if stop.is_set() else stop).set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, heard)


def _secret_keys(up: _Up) -> str:
    given = up.settings.secret_keys
    return ",".join(key.get_secret_value() for key in given) if given else up.kept.secret_keys


def _welcome_to_demo(up: _Up) -> None:
    rows = [
        ("Open", up.web_url if not up.settings.public_url else up.public_url),
        ("Sign in", f"{first_run.DEMO_EMAIL}   password  {up.kept.demo_password}"),
        ("A customer's phone", f"{up.sandbox_url}/phone"),
    ]
    took = time.monotonic() - up.began
    up.terminal.banner(rows, f"Ready after {took:.1f} s. Ctrl-C stops; everything stays in {_short(up.data_dir)}.")


def _welcome(up: _Up, link: str) -> None:
    rows = [("Open", up.public_url)]
    if link:
        rows.append(("First owner", link))
    took = time.monotonic() - up.began
    up.terminal.banner(rows, f"Ready after {took:.1f} s. Ctrl-C stops; everything stays in {_short(up.data_dir)}.")


def _short(path: Path) -> str:
    return f"{path.relative_to(ROOT)}/" if path.is_relative_to(ROOT) else f"{path}/"
