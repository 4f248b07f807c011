"""
`make run`: how long a first and a later start take until the screen opens, how soon the demo is loaded, and the memory
of all processes together.

"Cold" is a fresh clone of the last commit with an empty data folder: the front end's packages are installed from the
local cache and it is built. With --quick it is this folder with the build that is there.
"""

import asyncio
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from app.demo.script import STORIES
from app.up.ports import pick
from bench.report import Report

ROOT = Path(__file__).resolve().parents[1]
_STORIES_SECONDS = 90.0
_START_SECONDS = 300.0
_REST_SECONDS = 5.0

COLD_SECONDS = 60.0
WARM_SECONDS = 10.0
MOST_MEMORY_MB = 700.0


@dataclass(frozen=True, slots=True)
class _Start:
    """One start: seconds until ready, until the demo was loaded (0: it was already), to stop; MB by process."""

    ready: float
    loaded: float
    stopped: float
    memory: dict[str, float]


async def run(quick: bool) -> Report:
    folder = Path(tempfile.mkdtemp(prefix="parley-bench-"))
    try:
        root = ROOT if quick else await _clone(folder / "clone")
        cold = await _start(root, folder / "data", skip_build=quick)
        warm = await _start(root, folder / "data", skip_build=quick)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    report = Report("make run", ("", "cold", "warm"))
    report.row("ready after, s", cold.ready, warm.ready)
    report.row("demo loaded after, s", cold.loaded, warm.loaded)
    report.row("stopped after, s", cold.stopped, warm.stopped)
    for name in warm.memory:
        report.row(f"memory of {name}, MB", cold.memory.get(name, 0.0), warm.memory[name])
    report.row("memory of all, MB", sum(cold.memory.values()), sum(warm.memory.values()))
    report.at_most("cold start, s", cold.ready, COLD_SECONDS)
    report.at_most("warm start, s", warm.ready, WARM_SECONDS)
    report.at_most("memory of all, MB", max(sum(cold.memory.values()), sum(warm.memory.values())), MOST_MEMORY_MB)
    report.notes.append(
        "cold: the front end was built before" if quick else "cold: the front end is installed and built"
    )
    return report


async def _clone(into: Path) -> Path:
    process = await asyncio.create_subprocess_exec("git", "clone", "--quiet", str(ROOT), str(into))
    if await process.wait() != 0:
        raise RuntimeError("the repository could not be cloned; --quick needs no clone")
    return into


async def _start(root: Path, data_dir: Path, *, skip_build: bool) -> _Start:
    env = {k: v for k, v in os.environ.items() if not k.startswith(("PARLEY_", "MONGODB_URI", "REDIS_URL"))}
    env |= {
        "PARLEY_DATA_DIR": str(data_dir),
        "PARLEY_PORT": str(pick("127.0.0.1", 0, 0)),
        "PARLEY_SANDBOX_PORT": str(pick("127.0.0.1", 0, 0)),
        "PYTHONUNBUFFERED": "1",
    }
    if skip_build:
        env["PARLEY_SKIP_BUILD"] = "1"
    began = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "app", "up", cwd=root, env=env, stdout=asyncio.subprocess.PIPE
    )
    try:
        ready = await _wait_until_ready(process, began)
        loaded = await _wait_until_loaded(data_dir, began)
        await asyncio.sleep(_REST_SECONDS)
        memory = _memory(data_dir, process.pid)
        stopping = time.monotonic()
        process.send_signal(signal.SIGINT)
        await asyncio.wait_for(process.communicate(), 60)
        return _Start(ready, loaded, time.monotonic() - stopping, memory)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _wait_until_ready(process: asyncio.subprocess.Process, began: float) -> float:
    assert process.stdout is not None
    said: list[str] = []
    async with asyncio.timeout(_START_SECONDS):
        while line := (await process.stdout.readline()).decode():
            said.append(line)
            if "Ready after" in line:
                return time.monotonic() - began
    raise RuntimeError(f"it did not start:\n{''.join(said)}")


async def _wait_until_loaded(data_dir: Path, began: float) -> float:
    """Until the demo is told; 0 when it was told before."""
    notes = data_dir / "demo.json"
    if notes.exists():
        return 0.0
    async with asyncio.timeout(_STORIES_SECONDS):
        while not notes.exists() or len(json.loads(notes.read_text("utf-8"))["stories"]) < len(STORIES):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    return time.monotonic() - began


def _memory(data_dir: Path, parent: int) -> dict[str, float]:
    """Resident memory of each process, in MB; what they share is counted each time."""
    children = json.loads((data_dir / "run.json").read_text("utf-8"))["children"]
    pids = {"supervisor": parent, **{name: pid for name, (pid, _) in children.items()}}
    return {name: psutil.Process(pid).memory_info().rss / 1e6 for name, pid in pids.items()}
