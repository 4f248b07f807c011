"""Real instances: `python -m app up` on a folder of its own, as a person would start it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil

from tests.support.servers import free_port

ROOT = Path(__file__).resolve().parents[2]
# A clean clone builds the front end at its first start.
START_SECONDS = 300
STOP_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Instance:
    """A started instance; `output` is what its terminal shows."""

    process: "subprocess.Popen[bytes]"
    data_dir: Path
    output: Path
    env: dict[str, str]

    @property
    def running(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.data_dir / "run.json").read_text())
        return found

    @property
    def web_url(self) -> str:
        return str(self.running["web_url"])

    @property
    def children(self) -> dict[str, psutil.Process]:
        """By name, those that live."""
        found = {}
        for name, (pid, _) in self.running["children"].items():
            try:
                found[name] = psutil.Process(pid)
            except psutil.NoSuchProcess:
                continue
        return found

    def said(self) -> str:
        return self.output.read_text("utf-8", "replace")

    def command(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """An operator command in another terminal."""
        return subprocess.run(
            [sys.executable, "-m", "app", *arguments],
            cwd=ROOT, env=self.env, capture_output=True, text=True, timeout=90, check=False,
        )  # fmt: skip

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(STOP_SECONDS)


def environment(data_dir: Path, **settings: str) -> dict[str, str]:
    """Nothing of ours from outside, ports that nobody else uses, and no second build of the front end."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(("PARLEY_", "MONGODB_URI", "REDIS_URL"))}
    env |= {
        "PARLEY_DATA_DIR": str(data_dir),
        "PARLEY_SKIP_BUILD": "1",
        "PARLEY_PORT": str(free_port()),
        "PARLEY_SANDBOX_PORT": str(free_port()),
    }
    return env | settings


def launch(data_dir: Path, **settings: str) -> Instance:
    """Starts one and does not wait."""
    data_dir.mkdir(parents=True, exist_ok=True)
    output = data_dir / "terminal.txt"
    env = environment(data_dir, **settings)
    with output.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "app", "up"], cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=file, stderr=file
        )
    return Instance(process, data_dir, output, env)


@contextmanager
def started(data_dir: Path, **settings: str) -> Iterator[Instance]:
    """One that has said that it is ready; killed afterwards if the test has not stopped it."""
    instance = launch(data_dir, **settings)
    try:
        until(lambda: "Ready after" in instance.said(), START_SECONDS, lambda: _alive(instance))
        yield instance
    finally:
        if instance.process.poll() is None:
            instance.process.terminate()
            try:
                instance.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                instance.process.kill()
                instance.process.wait()


def _alive(instance: Instance) -> None:
    assert instance.process.poll() is None, instance.said()


def until(condition: Any, seconds: float, also: Any = lambda: None) -> None:
    """Waits for the condition; `also` may raise earlier."""
    deadline = time.monotonic() + seconds
    while not condition():
        also()
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.1)


def is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz", timeout=3, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


def gone(processes: list[psutil.Process]) -> bool:
    return not any(p.is_running() and p.status() != psutil.STATUS_ZOMBIE for p in processes)
