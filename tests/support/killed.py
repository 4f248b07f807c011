"""A process of its own that does some work and is killed with SIGKILL at a command to the database."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.support import servers
from tests.support.shop import Shop

ROOT = Path(__file__).resolve().parents[2]
# `work` gets the workspace, what it was told, and the killer, whose `after(n)` sets how many commands are left to it.
_WORKER = """
import asyncio, json, os, signal, sys
from pymongo import monitoring
from app.core import leases
from app.core.runtime import open_runtime
from app.core.settings import Settings

# Soon over for whoever waits for what the dead one held.
leases.SECONDS = 2
told = json.loads(sys.stdin.read())

class Killer(monitoring.CommandListener):
    seen, limit = 0, 10**9
    def after(self, commands):
        self.limit = self.seen + commands
    def started(self, event):
        self.seen += 1
        if self.seen >= self.limit:
            os.kill(os.getpid(), signal.SIGKILL)
    def succeeded(self, event): pass
    def failed(self, event): pass

{work}

async def main():
    killer = Killer()
    monitoring.register(killer)
    async with open_runtime(Settings(_env_file=None, **told["settings"])) as runtime:
        await work(runtime.workspace(told["workspace_id"]), told, killer)

asyncio.run(main())
"""


async def killed(shop: Shop, work: str, **told: Any) -> None:
    """`work` is the source of an async function of that name; it must not come to its end."""
    known = shop.runtime.settings
    given = {
        "settings": {
            "mongodb_uri": known.mongodb_uri.get_secret_value(),
            "redis_url": known.redis_url.get_secret_value(),
            "secret_keys": servers.SECRET_KEY,
            "database": known.database,
            "data_dir": str(known.data_dir),
            "public_url": known.public_url,
            "graph_url": known.graph_url,
        },
        "workspace_id": shop.owner.ws.id,
        **told,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _WORKER.replace("{work}", work), cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
    )  # fmt: skip
    await process.communicate(json.dumps(given).encode())
    assert process.returncode == -signal.SIGKILL
