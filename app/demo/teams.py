"""The demo's team: everybody in it, office hours with the country's holidays, fed by every account."""

from app.core.calendars import Calendar, Span
from app.core.permissions import SYSTEM
from app.core.platform import members as member_rows
from app.core.runtime import Workspace
from inbox.routing import agents, calendars, teams
from inbox.routing.teams import Team

NAME = "Customer care"


async def found(ws: Workspace) -> None:
    """Once: whatever people have made of it since stays."""
    if await teams.listed(ws) or await calendars.listed(ws):
        return
    weekday, saturday = (Span(8 * 60, 18 * 60),), (Span(9 * 60, 13 * 60),)
    week = (*(weekday,) * 5, saturday, ())
    hours = Calendar(id="", name="Shop hours", zone="Africa/Accra", week=week, country="GH")
    kept = await calendars.create(ws, SYSTEM, hours)
    everybody = await member_rows.of_workspace(ws.runtime.mongo, ws.id)
    accounts = await ws.runtime.accounts.of_workspace(ws.id)
    team = Team(
        id="",
        name=NAME,
        members=tuple(member.id for member in everybody),
        calendar_id=kept.calendar.id,
        account_ids=tuple(row.id for row in accounts),
    )
    await teams.create(ws, SYSTEM, team)
    # The colleagues of the demo have no screens of their own: what is theirs stays theirs.
    await agents.change_settings(ws, SYSTEM, {"return_after_seconds": 0})
