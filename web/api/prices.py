"""Price lists of channel accounts."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from app.core.errors import ChangedMeanwhile, Invalid, NotFound
from app.core.permissions import Permission
from app.core.platform.accounts import AccountRow
from channels import accounts
from inbox.answering import prices
from inbox.answering.prices import Price, PriceList
from web.api.endpoint import ApiRequest, Endpoint
from web.api.models import Body, Out


class PriceLine(Body):
    """`amount` of one unit, as decimal text; `country` as ISO 3166 alpha-2, or `*` for all that have no line."""

    country: Annotated[str, Field(pattern=r"^([A-Z]{2}|\*)$", examples=["GH", "*"])]
    category: Annotated[str, Field(min_length=1, max_length=60)]
    amount: Annotated[str, Field(pattern=r"^\d{1,6}(\.\d{1,6})?$", examples=["0.0123"])]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$", examples=["USD"])]


class PricesIn(Body):
    """The whole list; `revision` is that of the list that the caller saw, 0 if there was none."""

    prices: Annotated[list[PriceLine], Field(max_length=prices.MOST)]
    revision: Annotated[int, Field(ge=0, le=2**53)]


class PriceOut(Out):
    country: str
    category: str
    amount: str
    currency: str


class CategoryOut(Out):
    key: str
    label: str
    unit: Literal["message", "segment"]


class PricesOut(Out):
    """`categories`: what the channel charges by. None: its messages are free, and so the list is empty."""

    categories: list[CategoryOut]
    prices: list[PriceOut]
    revision: int


async def get(request: ApiRequest, account_id: str) -> PricesOut:
    row = await accounts.row_of(request.ws, account_id)
    return _shown(row, await prices.of_account(request.ws, account_id))


async def save(request: ApiRequest, account_id: str, body: PricesIn) -> PricesOut:
    row = await accounts.row_of(request.ws, account_id)
    wanted = [Price(line.country, line.category, Decimal(line.amount), line.currency) for line in body.prices]
    return _shown(row, await prices.save(request.ws, request.actor, account_id, wanted, body.revision))


def _shown(row: AccountRow, kept: PriceList) -> PricesOut:
    return PricesOut(
        categories=[CategoryOut(key=c.key, label=c.label, unit=c.unit) for c in prices.categories(row.kind)],
        prices=[
            PriceOut(country=p.country, category=p.category, amount=f"{p.amount:f}", currency=p.currency)
            for p in kept.prices
        ],
        revision=kept.revision,
    )


ENDPOINTS = [
    Endpoint(
        "GET",
        "/accounts/{account_id}/prices",
        get,
        Permission.ACCOUNTS_READ,
        "What messages of an account cost, by country",
        errors=(NotFound,),
    ),
    Endpoint(
        "PUT",
        "/accounts/{account_id}/prices",
        save,
        Permission.ACCOUNTS_MANAGE,
        "Other prices for an account",
        errors=(NotFound, Invalid, ChangedMeanwhile),
    ),
]
