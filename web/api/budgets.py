"""How much messages may cost in a month, and how much of it is used."""

from typing import Annotated

from pydantic import Field

from app.core.errors import ChangedMeanwhile, Invalid
from app.core.permissions import Permission
from inbox import budgets
from inbox.budgets import Budget
from web.api.endpoint import ApiRequest, Endpoint
from web.api.models import Body, Channel, Out

Percent = Annotated[int, Field(ge=1, le=200)]


class BudgetIn(Body):
    """
    `minor` hundredths of `currency` a month, for one channel or (null) for all. At each of `alarms` (percent) those who
    see to accounts and approve broadcasts are told; with `stops` marketing stops when all of it is used up.
    """

    channel: Channel | None = None
    minor: Annotated[int, Field(ge=1, le=2**40)]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$", examples=["USD"])]
    alarms: Annotated[tuple[Percent, ...], Field(max_length=5)] = (80, 100)
    stops: bool = False


class BudgetsIn(Body):
    """All of them; `revision` is that of the budgets that the caller saw, 0 if there were none."""

    budgets: Annotated[tuple[BudgetIn, ...], Field(max_length=budgets.MOST)]
    revision: Annotated[int, Field(ge=0, le=2**53)]


class BudgetOut(Out):
    """`spent_minor` in this month, as the workspace's zone has it."""

    channel: Channel | None
    minor: int
    currency: str
    alarms: list[int]
    stops: bool
    spent_minor: int


class BudgetsOut(Out):
    items: list[BudgetOut]
    revision: int


async def get(request: ApiRequest) -> BudgetsOut:
    now = await budgets.kept(request.ws)
    items = [
        BudgetOut(
            channel=each.budget.channel,
            minor=each.budget.minor,
            currency=each.budget.currency,
            alarms=list(each.budget.alarms),
            stops=each.budget.stops,
            spent_minor=each.spent_minor,
        )
        for each in await budgets.standings(request.ws)
    ]
    return BudgetsOut(items=items, revision=now.revision)


async def save(request: ApiRequest, body: BudgetsIn) -> BudgetsOut:
    wanted = [
        Budget(channel=each.channel, minor=each.minor, currency=each.currency, alarms=each.alarms, stops=each.stops)
        for each in body.budgets
    ]
    await budgets.save(request.ws, request.actor, wanted, body.revision)
    return await get(request)


ENDPOINTS = [
    Endpoint("GET", "/budgets", get, Permission.REPORTS_READ, "Monthly budgets, and how much of each is used"),
    Endpoint(
        "PUT",
        "/budgets",
        save,
        Permission.ACCOUNTS_MANAGE,
        "Settle the monthly budgets",
        errors=(Invalid, ChangedMeanwhile),
    ),
]
