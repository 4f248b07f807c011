"""What messages have cost: over days, by what they are made of, as a table; and of one conversation."""

import csv
import io
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Literal

from app.core import audit
from app.core.audit import Target
from app.core.errors import Invalid, NotFound
from app.core.permissions import Permission
from app.core.platform.accounts import AccountRow
from app.core.runtime import Workspace
from automations import broadcasts
from crm import tables
from inbox import access, present, spending
from inbox.answering.prices import minor
from inbox.spending import Key, Sum, Sums
from web.api.endpoint import ApiRequest, Endpoint
from web.api.models import Day, Out, Query

By = Literal["day", "channel", "account", "country", "category", "broadcast"]
MOST_DAYS = 400
_NAMES = {"sms": "SMS", "whatsapp": "WhatsApp"}

DEFINITION = (
    "Messages that were handed over to a provider and of which nobody has reported that they failed, at the price that "
    "the price list of their account had then. What is free up to a number a month costs nothing until that is reached."
)


class SpendingQuery(Query):
    first: Day
    last: Day
    by: By = "day"


class SpentOut(Out):
    """`minor` hundredths of `currency`; `unpriced` of the messages have no price on the list, and are not in it."""

    currency: str
    minor: int
    messages: int
    unpriced: int


class SpendingRow(SpentOut):
    """`id` is the day, the channel, the account ...; "" stands for messages to single people, or an unknown country."""

    id: str
    label: str


class SpendingOut(Out):
    """`total` by currency. The rows of one `by` add up to it."""

    first: date
    last: date
    by: By
    definition: str
    total: list[SpentOut]
    rows: list[SpendingRow]


class ConversationCost(Out):
    total: list[SpentOut]


async def report(request: ApiRequest, query: SpendingQuery) -> SpendingOut:
    return await _report(request.ws, query)


async def _report(ws: Workspace, query: SpendingQuery) -> SpendingOut:
    if not timedelta() <= query.last - query.first < timedelta(days=MOST_DAYS):
        raise Invalid.field("last", f"Ask for 1 to {MOST_DAYS} days.")
    found = await spending.of_days(ws, query.first, query.last)
    total: dict[str, Sum] = {}
    rows: dict[tuple[str, str], Sum] = {}
    of = _PARTS[query.by]
    for day, sums in found.items():
        for key, each in sums.items():
            part = (of(day, key), key.currency)
            rows[part] = rows.get(part, Sum()) + each
            total[key.currency] = total.get(key.currency, Sum()) + each
    names = await _names(ws, query.by, {part for part, _ in rows})
    order = sorted(rows, key=lambda part: part if query.by == "day" else (str(-rows[part].micros).rjust(30), part[0]))
    return SpendingOut(
        first=query.first,
        last=query.last,
        by=query.by,
        definition=DEFINITION,
        total=_spent(total),
        rows=[
            SpendingRow(
                id=part,
                label=names.get(part, part),
                currency=currency,
                minor=minor(rows[part, currency].micros),
                messages=rows[part, currency].messages,
                unpriced=rows[part, currency].unpriced,
            )
            for part, currency in order
            if rows[part, currency].messages
        ],
    )


_PARTS: Mapping[By, Callable[[date, Key], str]] = {
    "day": lambda day, key: day.isoformat(),
    "channel": lambda day, key: key.channel,
    "account": lambda day, key: key.account_id,
    "country": lambda day, key: key.country or "",
    "category": lambda day, key: key.category,
    "broadcast": lambda day, key: key.broadcast_id or "",
}


async def _names(ws: Workspace, by: By, parts: set[str]) -> dict[str, str]:
    match by:
        case "account":
            known: dict[str, AccountRow] = await present.accounts_by_id(ws)
            return {part: known[part].name if part in known else "A disconnected account" for part in parts}
        case "broadcast":
            found = await broadcasts.by_id(ws, [part for part in parts if part])
            named = {part: found[part].plan.name if part in found else "A deleted broadcast" for part in parts}
            return {**named, "": "Messages to single people"}
        case "channel":
            return {part: _NAMES.get(part, part.capitalize()) for part in parts}
        case "category":
            return {part: part.replace("_", " ").capitalize() for part in parts}
        case "country":
            return {"": "Unknown country"}
        case "day":
            return {}


def _spent(sums: Mapping[str, Sum]) -> list[SpentOut]:
    return [
        SpentOut(currency=currency, minor=minor(each.micros), messages=each.messages, unpriced=each.unpriced)
        for currency, each in sorted(sums.items())
        if each.messages
    ]


async def of_conversation(request: ApiRequest, conversation_id: str) -> ConversationCost:
    conversation = await access.conversation(request.ws, request.actor, conversation_id)
    sums: Sums = await spending.of_conversation(request.ws, conversation.id)
    total: dict[str, Sum] = {}
    for key, each in sums.items():
        total[key.currency] = total.get(key.currency, Sum()) + each
    return ConversationCost(total=_spent(total))


async def table(request: ApiRequest, query: SpendingQuery) -> str:
    shown = await _report(request.ws, query)
    detail = {"first": shown.first.isoformat(), "last": shown.last.isoformat(), "by": shown.by}
    await audit.record(
        request.ws, request.actor, "spending.exported", Target("spending", request.ws.id, "Costs"), detail
    )
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow([shown.by, "name", "messages", "without_price", "cost", "currency"])
    for row in shown.rows:
        rows.writerow(
            [row.id, tables.safe(row.label), row.messages, row.unpriced, f"{row.minor / 100:.2f}", row.currency]
        )
    disposition = f'attachment; filename="parley-costs-{shown.by}-{shown.first}-{shown.last}.csv"'
    request.answer_headers.append((b"content-disposition", disposition.encode()))
    return text.getvalue()


_READ = Permission.REPORTS_READ

ENDPOINTS = [
    Endpoint("GET", "/spending", report, _READ, "What messages have cost", errors=(Invalid,)),
    Endpoint(
        "GET",
        "/spending/csv",
        table,
        _READ,
        "The same as a table",
        errors=(Invalid,),
        media_type="text/csv; charset=utf-8",
    ),
    Endpoint(
        "GET",
        "/conversations/{conversation_id}/cost",
        of_conversation,
        Permission.INBOX_READ,
        "What messages in a conversation have cost, broadcasts apart",
        errors=(NotFound,),
    ),
]
