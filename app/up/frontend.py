"""The front end's build, beside the start of the databases. An old build will do; without any there is no screen."""

import asyncio
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from app.up.process import start as start_process
from app.up.terminal import Terminal

_SAY_EVERY_SECONDS = 10.0


class NotBuilt(Exception):
    """There is no front end; the message has the build's last lines."""


async def build(root: Path, env: Mapping[str, str], log_path: Path, terminal: Terminal) -> str:
    """Brings web/dist up to date; what to say about it. Raises NotBuilt."""
    built = (root / "web" / "dist" / "index.html").exists()
    # For tests and for installations that come with a build.
    if built and os.environ.get("PARLEY_SKIP_BUILD"):
        return "as built before (PARLEY_SKIP_BUILD)"
    process = await start_process([sys.executable, "-m", "web.build"], env=env, folder=root, log_path=log_path)
    telling = asyncio.create_task(_tell(terminal))
    try:
        code = await process.wait()
    finally:
        telling.cancel()
        await process.stop(15, 2)
    if code == 0:
        return "up to date"
    lines = "\n".join(f"    {line[:300]}" for line in process.last_lines)
    if built:
        terminal.trouble("front end", f"could not be built; the one built before is served. See {log_path}")
        return "as built before"
    raise NotBuilt(f"The front end could not be built. Last lines:\n{lines}\nAll of them: {log_path}")


async def _tell(terminal: Terminal) -> None:
    """A build takes a while the first time: says that it is still at it."""
    started = time.monotonic()
    while True:
        await asyncio.sleep(_SAY_EVERY_SECONDS)
        terminal.line(f"  front end    is being built … {time.monotonic() - started:.0f} s")
