"""What the models of several endpoints share: strictness, pages, times, free-form JSON."""

from datetime import UTC, date, datetime
from math import floor, isfinite
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    WithJsonSchema,
)
from typing_extensions import TypeAliasType

from channels import registry

# `2026-11-21T12:00:00.000Z`, as app.core.clock.iso writes it.
Time = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time"})]
# A moment that can be told in any zone: near the ends of the calendar there is no hour before, or behind.
When = Annotated[AwareDatetime, Field(ge=datetime(1970, 1, 1, tzinfo=UTC), le=datetime(2200, 1, 1, tzinfo=UTC))]
# No installation is older; and days far ahead have no day after them.
Day = Annotated[date, Field(ge=date(2020, 1, 1), le=date(2100, 1, 1))]
# The kinds of channel there are: one for each folder of `channels/`.
Channel = TypeAliasType(
    "Channel", Annotated[str, WithJsonSchema({"type": "string", "enum": sorted(registry.adapters())})]
)


def _whole(number: object) -> object:
    return floor(number) if isinstance(number, float) and isfinite(number) else number


# The newest entry that somebody has seen. Where contacts were merged its number may be a fraction: up to there, of the
# survivor's own entries, all has been seen that stands at whole numbers below.
SeenNumber = Annotated[int, BeforeValidator(_whole, json_schema_input_type=float), Field(ge=0, le=2**53)]

_MOST_DEPTH = 8
_MOST_VALUES = 1_000
_INT64 = 2**63


class Body(BaseModel):
    """A request's JSON body: unknown fields and wrong types are refused, so that a typo does not go unnoticed."""

    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True, frozen=True)


class Query(BaseModel):
    """Query parameters: text that is read as the fields' types; unknown ones are ignored, empty ones are not given."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True, frozen=True)


class Out(BaseModel):
    """An answer. It is built from our own values, so nothing is checked twice."""

    model_config = ConfigDict(frozen=True, json_schema_serialization_defaults_required=True)


class Page(Query):
    """`next_cursor` of the last answer, and how many items at most."""

    cursor: Annotated[str | None, Field(max_length=500)] = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50


def _storable(value: dict[str, Any]) -> dict[str, Any]:
    """Bounded, and nothing in it that the database cannot keep: wide integers, names with a NUL or a leading $."""
    count = 0
    level: list[Any] = [value]
    for _ in range(_MOST_DEPTH):
        inner: list[Any] = []
        for item in level:
            count += len(item)
            if isinstance(item, dict):
                if any("\x00" in name or name.startswith("$") or len(name) > 100 for name in item):
                    raise ValueError("names may have 100 characters and must not begin with $")
                item = item.values()
            for part in item:
                if isinstance(part, int) and not -_INT64 <= part < _INT64:
                    raise ValueError("a whole number is too large")
                if isinstance(part, dict | list):
                    inner.append(part)
        if count > _MOST_VALUES:
            raise ValueError(f"at most {_MOST_VALUES} values")
        if not inner:
            return value
        level = inner
    raise ValueError(f"nested deeper than {_MOST_DEPTH} levels")


FreeForm = Annotated[dict[str, JsonValue], AfterValidator(_storable)]
