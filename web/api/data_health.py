"""Data health: what is missing or doubtful of contacts, how many it concerns, and the score of that by day."""

from typing_extensions import TypedDict

from app.core import audit
from app.core.audit import Target
from app.core.clock import iso
from app.core.permissions import Permission
from crm import data_health, data_health_look
from crm.data_health import FindingId, Fix, Health
from inbox import live
from web.api.endpoint import ApiRequest, Endpoint
from web.api.models import Time


class FindingShape(TypedDict):
    """
    `count` contacts have it, which takes `taken` of at most `points` points off the score. Who they are:
    `GET /contacts?finding=`; doing something to all of them: `POST /contacts/bulk` with the same filter.
    """

    id: FindingId
    label: str
    meaning: str
    points: int
    taken: float
    count: int
    fixes: list[Fix]


class ScoreShape(TypedDict):
    """At the end of a day, UTC."""

    day: str
    score: int
    total: int


class DataHealthShape(TypedDict):
    """
    Of `total` contacts, as of `counted_at`; null while they are looked through for the first time. `share`, from 0 to
    1, is how far looking through all of them is, `running` whether that is under way.
    """

    running: bool
    share: float
    looked_at: int
    started_at: Time
    counted_at: Time | None
    total: int
    score: int
    definition: str
    findings: list[FindingShape]
    days: list[ScoreShape]


def _shown(health: Health) -> DataHealthShape:
    total = max(health.total, 1)
    return {
        "running": health.state == "running",
        "share": round(data_health_look.share(health), 3),
        "looked_at": health.looked_at,
        "started_at": iso(health.started_at) or "",
        "counted_at": iso(health.counted_at),
        "total": health.total,
        "score": health.score,
        "definition": data_health.DEFINITION,
        "findings": [
            {
                "id": each.id,
                "label": each.label,
                "meaning": each.meaning,
                "points": each.points,
                "taken": round(each.points * min(health.counts.get(each.id, 0) / total, 1), 1),
                "count": health.counts.get(each.id, 0),
                "fixes": list(each.fixes),
            }
            for each in data_health.FINDINGS
        ],
        "days": [{"day": day, "score": each.score, "total": each.total} for day, each in sorted(health.days.items())],
    }


async def get(request: ApiRequest) -> DataHealthShape:
    return _shown(await data_health_look.last(request.ws))


async def look(request: ApiRequest) -> DataHealthShape:
    ws = request.ws
    health, begun = await data_health_look.start(ws)
    if begun:
        await audit.record(ws, request.actor, "contact.data_health_sought", Target("workspace", ws.id))
        with live.told_later(ws):
            await live.publish(ws, live.event("data_health", {"id": ws.id}))
    return _shown(health)


ENDPOINTS = [
    Endpoint(
        "GET",
        "/data-health",
        get,
        Permission.CONTACTS_READ,
        "What is missing or doubtful of contacts, with the score by day; looked through once a day from now on",
    ),
    Endpoint(
        "POST",
        "/data-health/look",
        look,
        Permission.CONTACTS_WRITE,
        "Look through all contacts again, in the background; one that runs already goes on",
        status=202,
    ),
]
