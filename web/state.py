"""What every request finds in `request.state`: made once, by the lifespan of the application."""

from typing import TypedDict, cast

from starlette.types import Scope

from app.core.runtime import Runtime
from web.auth import Sessions


class State(TypedDict):
    runtime: Runtime
    sessions: Sessions


def state_of(scope: Scope) -> State:
    return cast(State, scope["state"])
