"""What every request finds in `request.state`: made once, by the lifespan of the application."""

from typing import TypedDict, cast

from starlette.types import Scope

from app.core.runtime import Runtime
from inbox.hub import Hub
from inbox.journal import Journal
from web.auth import Sessions
from web.outlet import Outlet
from web.watching import Watching


class State(TypedDict):
    runtime: Runtime
    sessions: Sessions
    hub: Hub
    watching: Watching
    journal: Journal
    # Every open websocket's way out, so that a stopping process can tell them to come back.
    screens: set[Outlet]


def state_of(scope: Scope) -> State:
    return cast(State, scope["state"])
