"""
What a message costs: each account's price list, as its owner copied it from the provider.

Parley knows what a provider charges by (the adapter's Charge), never how much: providers' prices differ by country,
contract and month. What is not on the list has no price, and nobody makes one up.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from app.core import audit
from app.core.audit import Target
from app.core.errors import Change, ChangedMeanwhile, FieldError, Invalid
from app.core.permissions import Actor
from app.core.runtime import Workspace
from channels import accounts, registry
from channels.contract import Charge, Charges, PriceCategory
from inbox.store import prices as store

# Some 250 countries, in a few categories each.
MOST = 2_000
ANYWHERE = "*"
MICROS = 1_000_000
_MICROS_OF_MINOR = 10_000


@dataclass(frozen=True, slots=True)
class Price:
    """`amount` of `currency` (ISO 4217) for one unit of a category; `country` (ISO 3166, or ANYWHERE for the rest)."""

    country: str
    category: str
    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class PriceList:
    account_id: str
    prices: tuple[Price, ...] = ()
    revision: int = 0
    changed_by: str = ""


@dataclass(frozen=True, slots=True)
class Cost:
    """
    What some messages are charged as, and how much that is. `amount` is None where the list has no price for the
    country; the first `free_a_month` units of a month cost nothing all the same.
    """

    category: str
    units: int
    unit: str
    country: str | None
    free_a_month: int
    price: Price | None

    @property
    def amount(self) -> Decimal | None:
        return self.price.amount * self.units if self.price else None


def categories(kind: str) -> Sequence[PriceCategory]:
    """What messages of this channel are charged by; none where they are free."""
    adapter = registry.adapter(kind)
    return adapter.price_categories if isinstance(adapter, Charges) else ()


async def of_account(ws: Workspace, account_id: str) -> PriceList:
    """Raises NotFound for an account of nobody here."""
    await accounts.row_of(ws, account_id)
    return await store.get(ws, account_id) or PriceList(account_id)


async def save(ws: Workspace, actor: Actor, account_id: str, wanted: Sequence[Price], revision: int) -> PriceList:
    """The whole list, as it shall be. Raises NotFound, Invalid (naming the line), ChangedMeanwhile."""
    row = await accounts.row_of(ws, account_id)
    known = {category.key for category in categories(row.kind)}
    lines = {(price.country, price.category) for price in wanted}
    wrong = [
        FieldError(f"prices.{number}.category", "This channel charges by: " + (", ".join(sorted(known)) or "nothing"))
        for number, price in enumerate(wanted)
        if price.category not in known
    ]
    if wrong:
        raise Invalid(wrong[0].message, errors=tuple(wrong[:20]))
    if len(lines) < len(wanted):
        raise Invalid.field("prices", "A country has one price in each category; take the repeated lines out.")
    before = await of_account(ws, account_id)
    kept = PriceList(account_id, tuple(wanted), revision + 1, actor.name)
    if before.revision != revision or not await store.put(ws, kept):
        now = await of_account(ws, account_id)
        raise ChangedMeanwhile(
            f"{now.changed_by} has just changed these prices. Look at them again first.",
            Change("prices", name=now.changed_by or None),
        )
    detail = {"lines": len(kept.prices), "before": len(before.prices)}
    await audit.record(ws, actor, "account.prices_changed", Target("account", row.id, row.name), detail)
    return kept


async def forget(ws: Workspace, account_id: str) -> None:
    """The account was disconnected."""
    await store.delete(ws, account_id)


def minor(micros: int) -> int:
    """Millionths of a currency in hundredths, rounded as money is."""
    return int((Decimal(micros) / _MICROS_OF_MINOR).to_integral_value(ROUND_HALF_UP))


def cost(kept: PriceList, kind: str, charges: Sequence[Charge], country: str | None) -> Cost | None:
    """Of messages that are charged alike. None: nothing is ever charged for them."""
    if not charges:
        return None
    first = charges[0]
    listed = {(price.country, price.category): price for price in kept.prices}
    price = listed.get((country or ANYWHERE, first.priced_as)) or listed.get((ANYWHERE, first.priced_as))
    units = {category.key: category.unit for category in categories(kind)}
    return Cost(
        category=first.category,
        units=sum(charge.units for charge in charges),
        unit=units.get(first.priced_as, "message"),
        country=country,
        free_a_month=first.free_a_month,
        price=price,
    )
