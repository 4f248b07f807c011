"""Statuses."""

from __future__ import annotations

from sandbox.ledger import Entry
from sandbox.shapes import ControlError
from sandbox.world import World


def force(world: World, entry: Entry, status: str, code: int | None = None) -> None:
    """Not there yet."""
    raise ControlError("not there yet", 501)
