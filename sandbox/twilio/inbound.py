"""What customers do."""

from __future__ import annotations

from typing import Any

from sandbox.customers import Customer
from sandbox.shapes import ControlError, Json
from sandbox.world import World


def act(world: World, account: Any, customer: Customer, data: Json) -> list[str]:
    """Not there yet."""
    raise ControlError("not there yet", 501)
