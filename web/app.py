"""The web application: routes, the edge around them, and a lifespan that opens the Runtime and keeps tasks running."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from app.core import log
from app.core.runtime import Runtime, open_runtime
from app.core.settings import Settings
from app.core.tasks import end
from inbox import inbound
from inbox.hub import Hub
from inbox.journal import Journal
from web import errors, pages, routes
from web.auth import Sessions
from web.middleware import Edge
from web.state import State
from web.watching import Watching

OpenRuntime = Callable[[Settings], AbstractAsyncContextManager[Runtime]]
Background = Callable[[State], Awaitable[None]]

_RESTART_SECONDS = 1.0

_log = log.get("web")


async def _drain_spool(state: State) -> None:
    await state["journal"].run()


async def _follow_revocations(state: State) -> None:
    await state["sessions"].follow()


# What runs as long as the process does, beside answering requests. Each is started again if it ends.
BACKGROUND: tuple[Background, ...] = (_follow_revocations, _drain_spool)


def create_app(
    settings: Settings, *, runtime: OpenRuntime = open_runtime, background: Sequence[Background] = BACKGROUND
) -> Starlette:
    """The ASGI application of one web process. Nothing is connected before its lifespan begins."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[State]:
        async with runtime(settings) as opened:
            journal = Journal(opened, partial(inbound.stored, opened))
            hub = Hub(opened)
            state = State(
                runtime=opened,
                sessions=Sessions(opened),
                hub=hub,
                watching=Watching(hub),
                journal=journal,
                screens=set(),
            )
            tasks = [asyncio.create_task(_keep_running(task, state)) for task in background]
            try:
                yield state
            finally:
                await end(tasks)
                await state["watching"].close()
                await hub.close()
                journal.close()

    app = Starlette(
        routes=routes.table(),
        middleware=[Middleware(Edge, settings=settings)],
        exception_handlers={HTTPException: errors.of_router},
        lifespan=lifespan,
    )
    # A redirect would turn a mistyped POST into a GET; an address has one form here.
    app.router.redirect_slashes = False
    app.router.default = pages.fallback
    return app


async def _keep_running(task: Background, state: State) -> None:
    while True:
        try:
            await task(state)
        except Exception:
            _log.exception("background_task_failed", task=task.__name__)
        await asyncio.sleep(_RESTART_SECONDS)
