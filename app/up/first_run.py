"""Demo or real: what kind of instance this is, and how its first person gets in."""

import asyncio
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from app.core import mongo
from app.core.platform import members, workspaces
from app.core.settings import Settings
from app.up import instance
from app.up.instance import Kept
from app.up.process import start as start_process

DEMO_EMAIL = "demo@parley.test"


class CannotStart(Exception):
    """What was asked for does not fit what is there; the message says what to do."""


def is_demo(settings: Settings, kept: Kept) -> bool:
    """
    As PARLEY_DEMO says; unsaid, as it was the last time; the first time, a demo.

    Raises CannotStart for a demo on real data: with the sandbox in the providers' place, messages would go nowhere.
    """
    if "demo" not in settings.model_fields_set:
        return True if kept.demo is None else kept.demo
    if settings.demo and kept.demo is False:
        raise CannotStart(
            "This data folder was set up without the demo. For a demo beside it: PARLEY_DATA_DIR=demo-data make run"
        )
    return settings.demo


async def decide(db: mongo.Database, settings: Settings, data_dir: Path, kept: Kept, demo: bool) -> None:
    """Remembers the kind. Raises CannotStart when a demo nobody asked for would come into a database that is in use."""
    if kept.demo is None and demo and "demo" not in settings.model_fields_set:
        others = [row.id async for row in workspaces.every(db)]
        demos = {member.workspace_id for member in await members.with_email(db, DEMO_EMAIL)}
        if set(others) - demos:
            raise CannotStart(
                "This database is in use already. To run it with real providers: PARLEY_DEMO=false make run\n"
                "To add the demo's invented data to it all the same: PARLEY_DEMO=true make run"
            )
    if kept.demo is not demo:
        instance.keep(data_dir, replace(kept, demo=demo))


async def owner_link(db: mongo.Database, settings: Settings, env: Mapping[str, str], root: Path, logs: Path) -> str:
    """How the first owner gets in: a link that works once, or what to do for one; empty when somebody is in already."""
    async for row in workspaces.every(db):
        if await members.of_workspace(db, row.id):
            return ""
    email = settings.owner_email or await _ask_for_email()
    if not email:
        return "run: PARLEY_OWNER_EMAIL=you@example.com make run"
    argv = [sys.executable, "-m", "app", "create-owner", "--email", email]
    process = await start_process(argv, env=env, folder=root, log_path=logs / "create-owner.log")
    code = await process.wait()
    last = process.last_lines[-1] if process.last_lines else ""
    await process.stop(15, 2)
    return last if code == 0 else f"could not be made: {last}"


async def _ask_for_email() -> str:
    """
    At the terminal, if there is one; empty otherwise.

    Not `input` in a thread: it could not be interrupted, and Ctrl-C would wait for an answer.
    """
    if not sys.stdin.isatty():
        return ""
    print("  Your email address, for the first sign-in: ", end="", flush=True)
    loop = asyncio.get_running_loop()
    answered: asyncio.Future[str] = loop.create_future()
    loop.add_reader(sys.stdin, lambda: answered.set_result(sys.stdin.readline()) if not answered.done() else None)
    try:
        return (await answered).strip()
    finally:
        loop.remove_reader(sys.stdin)
