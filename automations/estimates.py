"""
What a broadcast will cost: by country and by what the provider charges, from the price list of its sender.

Each person's message is counted as it will be written for them, so that one long name that makes two segments is in it.
Amounts are whole millionths of the currency: a text message may cost less than a hundredth.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from app.core import addresses
from app.core.addresses import Address
from app.core.runtime import Workspace
from automations.placing import Said
from channels import registry
from channels.content import Content
from channels.contract import ChannelAccount, Charge, Charges
from inbox.answering import prices
from inbox.answering.prices import MICROS, PriceList, minor


@dataclass(frozen=True, slots=True)
class Line:
    """`units` of one category in one country; `micros` None: the list has no price for them."""

    country: str | None
    category: str
    unit: str
    units: int
    micros: int | None


@dataclass(frozen=True, slots=True)
class Cost:
    """`minor` is the sum of what has a price, in hundredths of `currency`."""

    minor: int
    currency: str
    lines: tuple[Line, ...]


# (country, category, priced as, units of one message)
Key = tuple[str | None, str, str]


class Estimator:
    """Counts messages of one account, and knows what each costs."""

    def __init__(self, account: ChannelAccount, kept: PriceList) -> None:
        self._account = account
        self._kept = kept
        self._adapter = registry.adapter(account.kind)
        # Of wordings that are alike for everybody.
        self._alike: dict[tuple[int, str], Charge] = {}
        self._each: dict[tuple[str | None, str, str], int | None] = {}

    @classmethod
    async def of(cls, ws: Workspace, account: ChannelAccount) -> "Estimator":
        return cls(account, await prices.of_account(ws, account.id))

    def key(self, said: Said, content: Content, address: Address, footer: str = "") -> tuple[Key, int] | None:
        """What this message is charged as, and of how many units; None where it is free."""
        if not isinstance(self._adapter, Charges):
            return None
        charge = self._alike.get((id(said), footer)) if not said.compiled.needs else None
        if charge is None:
            charge = self._adapter.charge(self._account, content, said.category)
            self._alike[id(said), footer] = charge
        return (addresses.country_of(address), charge.category, charge.priced_as), charge.units

    def micros(self, key: Key) -> int | None:
        """Of one unit; None where the list has no price."""
        if key not in self._each:
            cost = prices.cost(self._kept, self._account.kind, [Charge(key[1], key[2], 1)], key[0])
            amount = cost.amount if cost else None
            self._each[key] = int(amount * MICROS) if amount is not None else None
        return self._each[key]

    def price(self, said: Said, content: Content, address: Address, footer: str = "") -> int:
        """Of one person's message, in millionths; what has no price counts nothing."""
        charged = self.key(said, content, address, footer)
        return (self.micros(charged[0]) or 0) * charged[1] if charged else 0

    def cost(self, units: Mapping[Key, int]) -> Cost | None:
        """Of all that was counted; None where everything is free."""
        if not units:
            return None
        known = {category.key: category.unit for category in prices.categories(self._account.kind)}
        lines = []
        for key, number in sorted(units.items(), key=lambda item: (item[0][0] or "", item[0][1])):
            each = self.micros(key)
            lines.append(
                Line(key[0], key[1], known.get(key[2], "message"), number, None if each is None else each * number)
            )
        currency = next((price.currency for price in self._kept.prices), "")
        return Cost(minor(sum(line.micros or 0 for line in lines)), currency, tuple(lines))


def counted(units: Counter[Key]) -> list[list[str | int | None]]:
    """As it is stored."""
    return [[*key, number] for key, number in units.items()]
