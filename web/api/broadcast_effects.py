"""BroadcastEffects: what broadcasts have brought about, in people and in money."""

from collections.abc import Mapping

from app.core.clock import iso
from app.core.errors import Forbidden, NotFound
from app.core.permissions import Permission
from automations import broadcasts, effects
from crm import contacts
from web.api import cursors
from web.api.broadcast_shapes import BroadcastShareOut, share_out
from web.api.broadcasts import require_whole_sight
from web.api.endpoint import ApiRequest, Endpoint
from web.api.models import Out, Page, Time


class RevenueOut(Out):
    """In hundredths; `currency` "" where the events did not say any."""

    currency: str
    amount_minor: int


class EffectOut(Out):
    """
    What was hoped for, counted until `until`: of those who `got` it and of those who were `held` out. `difference` of
    their shares, with the bounds of its 95 % confidence interval; null where nobody was held out. `people` of all who
    got it did it, and `revenue` is what these events say they brought in, the largest first; `exact` False: reckoned
    from a fair sample of a large audience.
    """

    event: str
    days: int
    got: BroadcastShareOut
    held: BroadcastShareOut
    difference: float | None
    low: float | None
    high: float | None
    p: float | None
    people: int
    revenue: list[RevenueOut]
    exact: bool
    until: Time


class BroadcastEffectOut(Out):
    """Null without a goal, and before it was started."""

    effect: EffectOut | None


class BroadcastDoerOut(Out):
    """Who did what was hoped for: how often, and when for the last time."""

    contact_id: str
    name: str
    avatar_hue: int
    times: int
    at: Time
    revenue: list[RevenueOut]


class BroadcastDoers(Out):
    """A page may be short."""

    items: list[BroadcastDoerOut]
    next_cursor: str | None


async def effect(request: ApiRequest, broadcast_id: str) -> BroadcastEffectOut:
    found = await effects.of(request.ws, await broadcasts.get(request.ws, broadcast_id))
    if found is None:
        return BroadcastEffectOut(effect=None)
    lift = found.lift
    shown = EffectOut(
        event=found.window.goal.event,
        days=found.window.goal.days,
        got=share_out(found.got),
        held=share_out(found.held),
        difference=lift.difference if lift else None,
        low=lift.low if lift else None,
        high=lift.high if lift else None,
        p=lift.p if lift else None,
        people=found.people,
        revenue=_revenue(found.revenue),
        exact=found.exact,
        until=iso(found.window.until) or "",
    )
    return BroadcastEffectOut(effect=shown)


async def people(request: ApiRequest, broadcast_id: str, query: Page) -> BroadcastDoers:
    ws = request.ws
    broadcast = await broadcasts.get(ws, broadcast_id)
    require_whole_sight(request.actor)
    key = cursors.read(query.cursor, int, str)
    page, last = await effects.people(ws, broadcast, (key[0], key[1]) if key else None, query.limit)
    known = await contacts.get_many(ws, [each.contact_id for each in page])
    items = [
        BroadcastDoerOut(
            contact_id=each.contact_id,
            name=known[each.contact_id].name if each.contact_id in known else "",
            avatar_hue=contacts.hue(each.contact_id),
            times=each.times,
            at=iso(each.at) or "",
            revenue=_revenue(each.revenue),
        )
        for each in page
    ]
    return BroadcastDoers(items=items, next_cursor=cursors.write(*last) if last else None)


def _revenue(amounts: Mapping[str, int]) -> list[RevenueOut]:
    ordered = sorted(amounts.items(), key=lambda each: (-each[1], each[0]))
    return [RevenueOut(currency=currency, amount_minor=amount) for currency, amount in ordered]


_ONE = "/broadcasts/{broadcast_id}/effect"

ENDPOINTS = [
    Endpoint(
        "GET",
        _ONE,
        effect,
        Permission.BROADCASTS_READ,
        "What it has brought about, beside those who were held out",
        errors=(NotFound,),
    ),
    Endpoint(
        "GET",
        f"{_ONE}/people",
        people,
        Permission.BROADCASTS_READ,
        "Who of those who got it did what was hoped for",
        errors=(NotFound, Forbidden),
    ),
]
