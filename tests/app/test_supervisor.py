"""The supervisor with small programs that misbehave on purpose."""

import asyncio
import io
import os
import signal
import sys
from pathlib import Path

import psutil
import pytest

from app.up import process
from app.up.process import LogFile
from app.up.supervisor import DidNotStart, Program, Supervisor
from app.up.terminal import Terminal

_SLEEP = "import time; print('up', flush=True); time.sleep(60)"
_DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"


def _program(folder: Path, code: str, name: str = "thing", **options: object) -> Program:
    log_path = folder / f"{name}.log"

    async def probe() -> None:
        if b"up" not in log_path.read_bytes():
            raise OSError("not yet")

    values: dict[str, object] = {
        "name": name, "argv": (sys.executable, "-c", code), "env": dict(os.environ), "probe": probe,
        "log_path": log_path, "start_seconds": 10.0, "stop_seconds": 1.0,
    }  # fmt: skip
    return Program(**{**values, **options})  # type: ignore[arg-type]


async def _until(condition: object, seconds: float = 15) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # type: ignore[operator]  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_starts_restarts_and_stops(tmp_path: Path) -> None:
    said = io.StringIO()
    supervisor = Supervisor(tmp_path, Terminal(said))
    await supervisor.start(_program(tmp_path, _SLEEP))
    first = supervisor.pids["thing"]
    os.kill(first, signal.SIGKILL)
    await _until(lambda: "thing is running again" in said.getvalue())
    second = supervisor.pids["thing"]
    assert second != first
    assert "! thing: ended (signal SIGKILL); starting it again" in said.getvalue()
    await supervisor.stop()
    assert not psutil.pid_exists(second)


async def test_one_that_does_not_come_up_says_why(tmp_path: Path) -> None:
    supervisor = Supervisor(tmp_path, Terminal(io.StringIO()))
    code = "print('cannot open the file'); raise SystemExit(4)"
    with pytest.raises(DidNotStart) as failed:
        await supervisor.start(_program(tmp_path, code, hint="Buy a disk."))
    assert "ended at once (exit code 4)" in str(failed.value)
    assert "    cannot open the file" in str(failed.value)
    assert str(failed.value).endswith("Buy a disk.")
    await supervisor.stop()


async def test_one_that_never_answers_is_given_up(tmp_path: Path) -> None:
    supervisor = Supervisor(tmp_path, Terminal(io.StringIO()))
    with pytest.raises(DidNotStart, match="did not answer within 1 seconds"):
        await supervisor.start(_program(tmp_path, "import time; time.sleep(60)", start_seconds=1.0))
    await supervisor.stop()
    assert all(not psutil.pid_exists(pid) for pid in supervisor.pids.values())


async def test_one_that_does_not_listen_is_killed(tmp_path: Path) -> None:
    said = io.StringIO()
    supervisor = Supervisor(tmp_path, Terminal(said))
    await supervisor.start(_program(tmp_path, _DEAF))
    pid = supervisor.pids["thing"]
    async with asyncio.timeout(5):
        await supervisor.stop()
    assert not psutil.pid_exists(pid)
    assert "thing: did not stop in time and was killed" in said.getvalue()


async def test_what_a_child_started_ends_with_it(tmp_path: Path) -> None:
    code = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {_DEAF!r}]); " + _SLEEP
    supervisor = Supervisor(tmp_path, Terminal(io.StringIO()))
    await supervisor.start(_program(tmp_path, code))
    await asyncio.sleep(0.3)
    family = psutil.Process(supervisor.pids["thing"]).children()
    assert family
    await supervisor.stop()
    await _until(lambda: not any(p.is_running() and p.status() != psutil.STATUS_ZOMBIE for p in family))


async def test_a_child_ends_with_its_parent(tmp_path: Path) -> None:
    """The parent here is a program of its own that is killed outright."""
    leash = Path(process.__file__).with_name("leash.py")
    code = (
        "import os, subprocess, sys, time\n"
        f"leash = [sys.executable, '-I', '-S', {str(leash)!r}, str(os.getpid())]\n"
        f"p = subprocess.Popen([*leash, sys.executable, '-c', {_DEAF!r}])\n"
        "print(p.pid, flush=True); time.sleep(60)"
    )
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE)
    assert parent.stdout is not None
    child = psutil.Process(int(await parent.stdout.readline()))
    await parent.stdout.readline()  # the child is up
    parent.kill()
    await parent.wait()
    await _until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)


def test_logs_are_of_bounded_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "MOST_LOG_BYTES", 100)
    log = LogFile(tmp_path / "web.log")
    for number in range(100):
        log.write(b"%d %s\n" % (number, b"x" * 30))
    log.close()
    files = sorted(path.name for path in tmp_path.iterdir())
    assert files == ["web.log", "web.log.1", "web.log.2", "web.log.3"]
    assert all(path.stat().st_size <= 100 for path in tmp_path.iterdir())
    assert b"99 " in (tmp_path / "web.log").read_bytes()


def test_a_closed_terminal_stops_nothing() -> None:
    closed = io.StringIO()
    closed.close()
    terminal = Terminal(closed)
    terminal.line("nobody reads this")
    terminal.trouble("web", "fell")


def test_the_same_trouble_is_said_once_in_a_while() -> None:
    said = io.StringIO()
    terminal = Terminal(said)
    for _ in range(5):
        terminal.trouble("web", "enqueue_failed")
    assert said.getvalue().count("enqueue_failed") == 1
