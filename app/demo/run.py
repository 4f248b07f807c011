"""
Loads the demo: workspace, members, accounts, conversations, campaigns. Run again, it only points the sandbox at our
address.
"""

import asyncio
import json
from contextlib import AsyncExitStack
from pathlib import Path

from app.core.http import provider_client
from app.core.runtime import Runtime, open_runtime
from app.core.settings import Settings
from app.demo import accounts, actors, answers, articles, campaigns, people, promises, teams, translating
from app.demo.actors import Cast
from app.demo.desk import Desk, sit_down
from app.demo.phone import Phone
from app.demo.script import COLLEAGUES, CUSTOMERS, STORIES
from app.demo.steps import Story

# Some at once, so that the inbox fills like on a busy morning and two cores are not flooded.
_AT_ONCE = 5


async def run(settings: Settings, *, web_url: str, password: str) -> int:
    """The exit code; what is missing afterwards is loaded by the next run."""
    if not settings.demo or not settings.sandbox_url:
        print("This is not a demo: it runs with `make run` and without PARLEY_DEMO=false.")
        return 1
    async with open_runtime(settings) as runtime, provider_client() as http:
        ws = await people.workspace(runtime, password)
        await people.join(ws, password)
        await answers.keep(ws)
        phone = Phone(http, settings.sandbox_url)
        connected = await accounts.connect(ws, phone, settings.sandbox_url)
        await teams.found(ws)
        await promises.give(ws)
        await articles.keep(ws)
        await translating.connect(ws, settings.sandbox_url)
        there = await phone.customers()
        for person in CUSTOMERS:
            if person["id"] not in there:
                await phone.put_customer(person)
        done = _Done(settings.data_dir / "demo.json", ws.id)
        stories = [story for story in STORIES if story.key not in done.keys and story.channel in connected]
        failed: list[str] = []
        customers = await phone.customers()
        if stories:
            async with AsyncExitStack() as stack:
                desks = await _desks(stack, stories, web_url, password)
                cast = Cast(ws, phone, web_url, settings.sandbox_url, connected, desks, customers)
                failed = await _play_all(cast, stories, done, runtime)
        await campaigns.prepare(ws, connected, customers, web_url=web_url, password=password)
    print(f"{len(stories) - len(failed)} conversations loaded." if stories else "The demo is loaded already.")
    for line in failed:
        print(line)
    return 1 if failed else 0


async def _play_all(cast: Cast, stories: list[Story], done: "_Done", runtime: Runtime) -> list[str]:
    """What went wrong, one line a story; the others are not held up by it."""
    places = asyncio.Semaphore(_AT_ONCE)
    failed: list[str] = []

    async def one(story: Story) -> None:
        async with places:
            try:
                await actors.play(cast, story)
            except Exception as error:
                # An edge: one story that goes wrong must not take the others with it.
                runtime.log.exception("demo_story_failed", story=story.key)
                failed.append(f"{story.key}: {type(error).__name__}: {error}")
            else:
                done.add(story.key)

    async with asyncio.TaskGroup() as group:
        for story in stories:
            group.create_task(one(story))
    return failed


async def _desks(stack: AsyncExitStack, stories: list[Story], web_url: str, password: str) -> dict[str, Desk]:
    """Those who have something to do, signed in one after another."""
    wanted = {getattr(step, "member", "") for story in stories for step in story.steps}
    desks: dict[str, Desk] = {}
    for colleague in COLLEAGUES:
        if colleague.key in wanted:
            desks[colleague.key] = await sit_down(web_url, colleague.email, password)
            stack.push_async_callback(desks[colleague.key].leave)
    return desks


class _Done:
    """Which stories are told: they are never told again, whatever people have made of those conversations since."""

    def __init__(self, path: Path, workspace_id: str) -> None:
        self._path = path
        self._workspace_id = workspace_id
        try:
            known = json.loads(path.read_text("utf-8"))
        except (OSError, ValueError):
            known = {}
        self.keys: set[str] = set(known.get("stories", ())) if known.get("workspace_id") == workspace_id else set()

    def add(self, key: str) -> None:
        self.keys.add(key)
        partial = self._path.with_suffix(".partial")
        partial.write_text(json.dumps({"workspace_id": self._workspace_id, "stories": sorted(self.keys)}), "utf-8")
        partial.replace(self._path)
