"""
The rule language: one small JSON tree for views, routing, SLA policies, segments and triggers.

    {"all": [{"field": "priority", "op": "in", "value": ["high", "urgent"]},
             {"not": {"field": "tags", "op": "has_any", "value": ["tag_1"]}},
             {"any": [{"field": "waiting_since", "op": "older_than", "value": {"amount": 2, "unit": "hours"}}, …]}]}

What can be asked of a thing is declared in a Catalogue, which screens read too. A rule is validated against it, with
words that say what to do, and compiles two ways: to a predicate over one thing and to a MongoDB filter over many. Both
agree, whatever the rule (tests/core/test_rules.py).

A leaf is `field`, `op`, `value`; or it asks what happened, of catalogues that keep events:

    {"count": "order", "where": [{"field": "total", "op": "gt", "value": 50}],
     "within": {"amount": 30, "unit": "days"}, "op": "gt", "value": 2}
    {"count": "order", "op": "older_than", "value": {"amount": 90, "unit": "days"}}

The first is how often (`within` and `where` may be left out), the second how long ago the last one was.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from app.core.errors import FieldError, Invalid

Rule = Mapping[str, Any]
Predicate = Callable[[Mapping[str, Any], datetime], bool]
Filter = dict[str, Any]

Type = Literal["text", "number", "choice", "many", "boolean", "time"]
Takes = Literal["nothing", "one", "list", "pair", "duration"]

MOST_DEPTH = 6
MOST_LEAVES = 50
MOST_VALUES = 100
MOST_CHARS = 200
# Nobody is told apart by having done something 100 times or 101 times: what is kept of each thing stays bounded.
MOST_COUNTED = 100
MOST_WHERE = 10
UNITS: Mapping[str, timedelta] = {
    "minutes": timedelta(minutes=1),
    "hours": timedelta(hours=1),
    "days": timedelta(days=1),
    "weeks": timedelta(weeks=1),
}
_LONGEST = timedelta(days=3_660)
_MOST_NUMBER = 2**53
_MOST_NAMED = 30
# The database keeps milliseconds: what is true up to a time is not a moment later.
_MOMENT = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Field:
    """
    Something that can be asked. `options` are its values and their labels, where these are few and known; `refers_to`
    names the collection of which it holds ids (`tag`, `member`, `team`), so that a screen offers them by name.

    `path` is where a stored document keeps it (its name, if none is given); `elsewhere`: it is not kept with the
    document, and no filter can ask for it. `ops` narrows what its type allows.
    """

    name: str
    label: str
    type: Type
    options: tuple[tuple[str, str], ...] = ()
    refers_to: str | None = None
    path: str = ""
    ops: tuple[str, ...] = ()
    elsewhere: bool = False

    @property
    def stored(self) -> str:
        return self.path or self.name

    @property
    def allowed(self) -> tuple[str, ...]:
        return self.ops or tuple(OPS[self.type])


@dataclass(frozen=True, slots=True)
class Event:
    """
    Something that happens with a thing again and again, and what is known of each time. A thing has its events under
    `happened(name)`: a sequence of mappings with `at` and the attributes.
    """

    name: str
    label: str
    attributes: tuple[Field, ...] = ()

    def attribute(self, name: str) -> Field | None:
        return next((field for field in self.attributes if field.name == name), None)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What can be asked of one kind of thing; `noun` is its name in messages."""

    noun: str
    fields: tuple[Field, ...]
    events: tuple[Event, ...] = ()

    def field(self, name: str) -> Field | None:
        return next((field for field in self.fields if field.name == name), None)

    def event(self, name: str) -> Event | None:
        return next((event for event in self.events if event.name == name), None)


def happened(event: str) -> str:
    """Under which name a thing has the times at which this happened with it."""
    return f"happened:{event}"


@dataclass(frozen=True, slots=True)
class Op:
    """`holds(actual, operand, now)`, where `actual` is None if missing; `query(path, operand, now)` says the same."""

    label: str
    takes: Takes
    holds: Callable[[Any, Any, datetime], bool]
    query: Callable[[str, Any, datetime], Filter]


def _ago(operand: Mapping[str, Any], now: datetime) -> datetime:
    return now - span(operand)


def _ahead(operand: Mapping[str, Any], now: datetime) -> datetime:
    return now + span(operand)


def span(operand: Mapping[str, Any]) -> timedelta:
    """A duration of a rule: `{"amount": 2, "unit": "hours"}`."""
    return UNITS[operand["unit"]] * int(operand["amount"])


def _time(text: str) -> datetime:
    """In milliseconds, as the database keeps times."""
    at = datetime.fromisoformat(text).astimezone(UTC)
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def _pattern(text: str, form: str) -> re.Pattern[str]:
    return re.compile(form.format(re.escape(text)), re.IGNORECASE)


def _matches(form: str) -> Callable[[Any, Any, datetime], bool]:
    return lambda actual, text, _: isinstance(actual, str) and _pattern(text, form).search(actual) is not None


def _regex(form: str) -> Callable[[str, Any, datetime], Filter]:
    # MongoDB's own escapes are fewer: a space or a hyphen needs none.
    return lambda path, text, _: {path: {"$regex": form.format(_escaped(text)), "$options": "i"}}


def _escaped(text: str) -> str:
    return re.sub(r"([\\.^$|?*+()\[\]{}])", r"\\\1", text)


def _compare(holds: Callable[[Any, Any], bool]) -> Callable[[Any, Any, datetime], bool]:
    return lambda actual, operand, _: actual is not None and holds(actual, operand)


_IS = Op("is", "one", lambda a, v, _: a == v, lambda p, v, _: {p: {"$eq": v}})
_IS_NOT = Op("is not", "one", lambda a, v, _: a != v, lambda p, v, _: {p: {"$ne": v}})
_IN = Op("is any of", "list", lambda a, v, _: a in v, lambda p, v, _: {p: {"$in": list(v)}})
_NOT_IN = Op("is none of", "list", lambda a, v, _: a not in v, lambda p, v, _: {p: {"$nin": list(v)}})
_SET = Op("is set", "nothing", lambda a, _, __: a is not None, lambda p, _, __: {p: {"$ne": None}})
_NOT_SET = Op("is not set", "nothing", lambda a, _, __: a is None, lambda p, _, __: {p: None})

OPS: Mapping[Type, Mapping[str, Op]] = {
    "text": {
        "is": _IS,
        "is_not": _IS_NOT,
        "contains": Op("contains", "one", _matches("{}"), _regex("{}")),
        "not_contains": Op(
            "does not contain",
            "one",
            lambda a, v, now: not _matches("{}")(a, v, now),
            lambda p, v, _: {p: {"$not": {"$regex": _escaped(v), "$options": "i"}}},
        ),
        "starts_with": Op("starts with", "one", _matches("^{}"), _regex("^{}")),
        "is_set": _SET,
        "not_set": _NOT_SET,
    },
    "number": {
        "is": _IS,
        "is_not": _IS_NOT,
        "gt": Op("is more than", "one", _compare(lambda a, v: a > v), lambda p, v, _: {p: {"$gt": v}}),
        "lt": Op("is less than", "one", _compare(lambda a, v: a < v), lambda p, v, _: {p: {"$lt": v}}),
        "between": Op(
            "is between",
            "pair",
            _compare(lambda a, v: v[0] <= a <= v[1]),
            lambda p, v, _: {p: {"$gte": v[0], "$lte": v[1]}},
        ),
        "is_set": _SET,
        "not_set": _NOT_SET,
    },
    "choice": {
        "is": _IS,
        "is_not": _IS_NOT,
        "in": _IN,
        "not_in": _NOT_IN,
        "is_set": _SET,
        "not_set": _NOT_SET,
    },
    "many": {
        "has_any": Op(
            "has any of", "list", lambda a, v, _: any(x in v for x in a or ()), lambda p, v, _: {p: {"$in": list(v)}}
        ),
        "has_all": Op(
            "has all of",
            "list",
            lambda a, v, _: all(x in (a or ()) for x in v),
            lambda p, v, _: {p: {"$all": list(v)}},
        ),
        "has_none": Op(
            "has none of",
            "list",
            lambda a, v, _: not any(x in v for x in a or ()),
            lambda p, v, _: {p: {"$nin": list(v)}},
        ),
        "is_set": Op("has any", "nothing", lambda a, _, __: bool(a), lambda p, _, __: {f"{p}.0": {"$exists": True}}),
        "not_set": Op("has none", "nothing", lambda a, _, __: not a, lambda p, _, __: {f"{p}.0": {"$exists": False}}),
    },
    "boolean": {
        "is": Op(
            "is", "one", lambda a, v, _: (a is True) == v, lambda p, v, _: {p: {"$eq": True} if v else {"$ne": True}}
        ),
    },
    "time": {
        "before": Op("is before", "one", _compare(lambda a, v: a < _time(v)), lambda p, v, _: {p: {"$lt": _time(v)}}),
        "after": Op("is after", "one", _compare(lambda a, v: a > _time(v)), lambda p, v, _: {p: {"$gt": _time(v)}}),
        "older_than": Op(
            "is longer ago than",
            "duration",
            lambda a, v, now: a is not None and a < _ago(v, now),
            lambda p, v, now: {p: {"$lt": _ago(v, now)}},
        ),
        "within_last": Op(
            "was in the last",
            "duration",
            lambda a, v, now: a is not None and _ago(v, now) <= a <= now,
            lambda p, v, now: {p: {"$gte": _ago(v, now), "$lte": now}},
        ),
        "within_next": Op(
            "is in the next",
            "duration",
            lambda a, v, now: a is not None and now <= a <= _ahead(v, now),
            lambda p, v, now: {p: {"$gte": now, "$lte": _ahead(v, now)}},
        ),
        "is_set": _SET,
        "not_set": _NOT_SET,
    },
}

_AT = Field("at", "Last time", "time")
# What a count may be asked: how often it happened, or when it last did.
OFTEN = ("is", "is_not", "gt", "lt", "between")
LAST = ("before", "after", "older_than", "within_last")


# --- validation ---------------------------------------------------------------------------------------------------


def validate(catalogue: Catalogue, rule: Any, *, at: str = "rule") -> Rule:
    """The rule as it is to be stored. Raises Invalid; each error names its place in the tree, below `at`."""
    errors: list[FieldError] = []
    leaves = _check(catalogue, rule, at, 1, errors)
    if not errors and leaves > MOST_LEAVES:
        errors.append(FieldError(at, f"A rule may have {MOST_LEAVES} conditions; this one has {leaves}."))
    if errors:
        first = errors[0].message if len(errors) == 1 else f"{len(errors)} parts of the rule are not right."
        raise Invalid(first, errors=tuple(errors[:20]))
    found: Rule = rule
    return found


def _check(catalogue: Catalogue, rule: Any, at: str, depth: int, errors: list[FieldError]) -> int:
    """How many conditions it has."""
    if not isinstance(rule, Mapping):
        errors.append(FieldError(at, "Say a condition (field, op, value) or a group (all, any, not)."))
        return 0
    if depth > MOST_DEPTH:
        errors.append(FieldError(at, f"Groups may be nested {MOST_DEPTH} deep."))
        return 0
    if "count" in rule:
        _check_count(catalogue, rule, at, errors)
        return 1
    if "field" in rule:
        _check_leaf(catalogue, rule, at, errors)
        return 1
    if len(rule) != 1 or next(iter(rule)) not in ("all", "any", "not"):
        errors.append(FieldError(at, "A group has one of `all`, `any` or `not`, and nothing beside it."))
        return 0
    kind, inner = next(iter(rule.items()))
    if kind == "not":
        return _check(catalogue, inner, f"{at}.not", depth + 1, errors)
    if not isinstance(inner, list | tuple):
        errors.append(FieldError(f"{at}.{kind}", "Give a list of conditions."))
        return 0
    if len(inner) > MOST_LEAVES:
        errors.append(FieldError(f"{at}.{kind}", f"A rule may have {MOST_LEAVES} conditions."))
        return 0
    return sum(_check(catalogue, each, f"{at}.{kind}.{n}", depth + 1, errors) for n, each in enumerate(inner))


def _check_leaf(catalogue: Catalogue, leaf: Rule, at: str, errors: list[FieldError]) -> None:
    if unknown := set(leaf) - {"field", "op", "value"}:
        errors.append(
            FieldError(at, f"A condition has field, op and value, not {', '.join(sorted(map(str, unknown)))}.")
        )
        return
    field = catalogue.field(leaf["field"]) if isinstance(leaf["field"], str) else None
    if field is None:
        names = _some([each.name for each in catalogue.fields])
        errors.append(FieldError(f"{at}.field", f"A {catalogue.noun} has no such field; choose one of {names}."))
        return
    if leaf.get("op") not in field.allowed:
        errors.append(FieldError(f"{at}.op", f"{field.label} can be asked with {', '.join(field.allowed)}."))
        return
    problem = _wrong(field, OPS[field.type][leaf["op"]], leaf.get("value"))
    if problem:
        errors.append(FieldError(f"{at}.value", problem))


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:_MOST_NAMED]) + (", …" if len(names) > _MOST_NAMED else "")


def _check_count(catalogue: Catalogue, leaf: Rule, at: str, errors: list[FieldError]) -> None:
    if not catalogue.events:
        errors.append(FieldError(at, f"Events are not counted for {catalogue.noun}s; ask for something they have."))
        return
    if unknown := set(leaf) - {"count", "where", "within", "op", "value"}:
        odd = ", ".join(sorted(map(str, unknown)))
        errors.append(FieldError(at, f"A count has where, within, op and value, not {odd}."))
        return
    event = catalogue.event(leaf["count"]) if isinstance(leaf["count"], str) else None
    if event is None:
        names = _some([each.name for each in catalogue.events])
        errors.append(
            FieldError(f"{at}.count", f"No such thing happens with a {catalogue.noun}; choose one of {names}.")
        )
        return
    op = leaf.get("op")
    if op not in (*OFTEN, *LAST):
        errors.append(
            FieldError(f"{at}.op", f"Ask how often with {', '.join(OFTEN)}, or when last with {', '.join(LAST)}.")
        )
        return
    if "within" in leaf:
        problem = _wrong_span(leaf["within"]) if op in OFTEN else "Leave it out: the operator says how long ago."
        if problem:
            errors.append(FieldError(f"{at}.within", problem))
    problem = _wrong_times(op, leaf.get("value")) if op in OFTEN else _wrong(_AT, OPS["time"][op], leaf.get("value"))
    if problem:
        errors.append(FieldError(f"{at}.value", problem))
    where = leaf.get("where", ())
    if not isinstance(where, list | tuple) or len(where) > MOST_WHERE:
        errors.append(FieldError(f"{at}.where", f"Give a list of at most {MOST_WHERE} conditions."))
        return
    known = Catalogue(event.label, event.attributes)
    for number, each in enumerate(where):
        if isinstance(each, Mapping) and "field" in each:
            _check_leaf(known, each, f"{at}.where.{number}", errors)
        else:
            errors.append(FieldError(f"{at}.where.{number}", "Say a condition: field, op, value."))


def _wrong_times(op: str, value: Any) -> str | None:
    given = value if op == "between" else [value]
    if not isinstance(given, list | tuple) or len(given) != (2 if op == "between" else 1):
        return "Give the least and the most."
    if any(isinstance(each, bool) or not isinstance(each, int) or not 0 <= each <= MOST_COUNTED for each in given):
        return f"Give a whole number from 0 to {MOST_COUNTED}."
    if given[0] > given[-1]:
        return "Give the least first, then the most: nothing is between these."
    return None


def _wrong_span(value: Any) -> str | None:
    if not isinstance(value, Mapping) or set(value) != {"amount", "unit"} or value["unit"] not in tuple(UNITS):
        return f"Give an amount and a unit: one of {', '.join(UNITS)}."
    amount = value["amount"]
    if not isinstance(amount, int) or isinstance(amount, bool) or not 0 < amount <= _LONGEST / UNITS[value["unit"]]:
        return "Give a whole number of at least 1, and not more than ten years."
    return None


def _wrong(field: Field, op: Op, value: Any) -> str | None:
    """What is wrong with a condition's value, in words that say what to do."""
    match op.takes:
        case "nothing":
            return None if value is None else f"“{op.label}” takes no value; leave it out."
        case "duration":
            return _wrong_span(value)
        case "list" | "pair":
            if not isinstance(value, list | tuple) or not value:
                return "Choose at least one value." if op.takes == "list" else "Give the least and the most."
            if len(value) > MOST_VALUES:
                return f"Choose at most {MOST_VALUES} values."
            if op.takes == "pair" and (len(value) != 2 or any(_wrong_value(field, each) for each in value)):
                return "Give two numbers: the least and the most."
            if op.takes == "pair" and value[0] > value[1]:
                return "Give the least first, then the most: nothing is between these."
            return next((problem for each in value if (problem := _wrong_value(field, each))), None)
        case _:
            return _wrong_value(field, value)


def _wrong_value(field: Field, value: Any) -> str | None:
    match field.type:
        case "number":
            if (
                isinstance(value, bool)
                or not isinstance(value, int | float)
                or not -_MOST_NUMBER < value < _MOST_NUMBER
            ):
                return "Give a number."
        case "boolean":
            if not isinstance(value, bool):
                return "Choose yes or no."
        case "time":
            return _wrong_time(value)
        case _:
            if not isinstance(value, str) or not value or len(value) > MOST_CHARS or "\x00" in value:
                return f"Give a text of 1 to {MOST_CHARS} characters."
            if field.options and value not in dict(field.options):
                return f"Choose one of {', '.join(each for each, _ in field.options)}."
    return None


def _wrong_time(value: Any) -> str | None:
    words = "Give a time with its zone, such as 2026-11-21T12:00:00Z."
    try:
        at = datetime.fromisoformat(value)
        at.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        return words
    return None if at.tzinfo else words


# --- compiling ----------------------------------------------------------------------------------------------------


def predicate(catalogue: Catalogue, rule: Rule) -> Predicate:
    """For a validated rule: whether it holds for a thing (a mapping by the names of fields) at a time."""
    match next(iter(rule)), rule:
        case "all", {"all": inner}:
            every = [predicate(catalogue, each) for each in inner]
            return lambda thing, now: all(each(thing, now) for each in every)
        case "any", {"any": inner}:
            some = [predicate(catalogue, each) for each in inner]
            return lambda thing, now: any(each(thing, now) for each in some)
        case "not", {"not": inner}:
            negated = predicate(catalogue, inner)
            return lambda thing, now: not negated(thing, now)
    if "count" in rule:
        return _counted(catalogue, rule)
    name, operand = rule["field"], rule.get("value")
    holds = _op(catalogue, rule).holds
    return lambda thing, now: holds(thing.get(name), operand, now)


def _counted(catalogue: Catalogue, leaf: Rule) -> Predicate:
    times = _times(catalogue, leaf)
    value, within = leaf["value"], span(leaf["within"]) if "within" in leaf else None
    if leaf["op"] in LAST:
        last_was = OPS["time"][leaf["op"]].holds

        def recent(thing: Mapping[str, Any], now: datetime) -> bool:
            return last_was(max((at for at in times(thing) if at <= now), default=None), value, now)

        return recent
    is_so = OPS["number"][leaf["op"]].holds

    def often(thing: Mapping[str, Any], now: datetime) -> bool:
        since = now - within if within else None
        return is_so(sum(at <= now and (since is None or at >= since) for at in times(thing)), value, now)

    return often


def _times(catalogue: Catalogue, leaf: Rule) -> Callable[[Mapping[str, Any]], list[datetime]]:
    """When it happened with a thing, with the attributes that are asked for."""
    event = catalogue.event(leaf["count"])
    assert event is not None  # noqa: S101 -- validated
    name, known = happened(event.name), Catalogue(event.label, event.attributes)
    where = [predicate(known, each) for each in leaf.get("where", ())]

    def times(thing: Mapping[str, Any]) -> list[datetime]:
        # Attributes do not change, and no operator on them asks for the time but in the moment that it happened.
        return [each["at"] for each in thing.get(name) or () if all(holds(each, each["at"]) for holds in where)]

    return times


def query(catalogue: Catalogue, rule: Rule, now: datetime) -> Filter:
    """
    For a validated rule: the filter that finds where it holds now. What is not kept with the document (counts, fields
    that are `elsewhere`) it cannot ask for: then it finds those too that the predicate has still to refuse.

    Put it beside an exact piece of an index: alone it reads everything.
    """
    found, _ = _query(catalogue, rule, now)
    return found or {}


def is_stored(catalogue: Catalogue, rule: Rule) -> bool:
    """Whether its filter finds exactly where it holds."""
    return all("field" in leaf and not _field(catalogue, leaf).elsewhere for leaf in leaves(rule))


def _query(catalogue: Catalogue, rule: Rule, now: datetime) -> tuple[Filter | None, bool]:
    """The filter, None where it would find everything, and whether it finds nothing beside what it should."""
    match next(iter(rule)), rule:
        case "all", {"all": inner}:
            parts = [_query(catalogue, each, now) for each in inner]
            asked = [part for part, _ in parts if part is not None]
            return ({"$and": asked} if asked else None), all(exact for _, exact in parts)
        case "any", {"any": inner}:
            parts = [_query(catalogue, each, now) for each in inner]
            if not parts:
                # An empty `any` holds for nothing.
                return {"_id": {"$in": []}}, True
            whole = any(part is None for part, _ in parts)
            return (None if whole else {"$or": [part for part, _ in parts]}), all(exact for _, exact in parts)
        case "not", {"not": inner}:
            part, exact = _query(catalogue, inner, now)
            return (None, False) if not exact else ({"$nor": [part or {}]}, True)
    if "count" in rule or _field(catalogue, rule).elsewhere:
        return None, False
    return _op(catalogue, rule).query(_field(catalogue, rule).stored, rule.get("value"), now), True


def _field(catalogue: Catalogue, leaf: Rule) -> Field:
    field = catalogue.field(leaf["field"])
    assert field is not None  # noqa: S101 -- validated
    return field


def _op(catalogue: Catalogue, leaf: Rule) -> Op:
    return OPS[_field(catalogue, leaf).type][leaf["op"]]


# --- reading rules ------------------------------------------------------------------------------------------------


def leaves(rule: Rule) -> Iterator[Rule]:
    """Its conditions, in order."""
    if "field" in rule or "count" in rule:
        yield rule
    else:
        inner = next(iter(rule.values()))
        for each in [inner] if isinstance(inner, Mapping) else inner:
            yield from leaves(each)


def refers(catalogue: Catalogue, rule: Rule, kind: str) -> set[str]:
    """The ids of a kind (`tag`, `team`, …) that it names: what must not be deleted while it does."""
    found: set[str] = set()
    for leaf in leaves(rule):
        event = catalogue.event(leaf.get("count", ""))
        asked = [(event.attribute(each["field"]), each) for each in leaf.get("where", ())] if event else []
        for field, each in asked or [(catalogue.field(leaf.get("field", "")), leaf)]:
            value = each.get("value")
            if field is not None and field.refers_to == kind and value is not None:
                found |= set(value) if isinstance(value, list | tuple) else {value}
    return found


def swapped(catalogue: Catalogue, rule: Rule, kind: str, old: str, new: str) -> Rule:
    """The same, where `new` is asked for wherever it named `old` of a kind."""
    for name in ("all", "any"):
        if name in rule:
            return {name: [swapped(catalogue, each, kind, old, new) for each in rule[name]]}
    if "not" in rule:
        return {"not": swapped(catalogue, rule["not"], kind, old, new)}
    event = catalogue.event(rule.get("count", ""))
    if event is not None and "where" in rule:
        asked = [_renamed(event.attribute(each["field"]), each, kind, old, new) for each in rule["where"]]
        return {**rule, "where": asked}
    return _renamed(catalogue.field(rule.get("field", "")), rule, kind, old, new)


def _renamed(field: Field | None, asked: Rule, kind: str, old: str, new: str) -> Rule:
    value = asked.get("value")
    if field is None or field.refers_to != kind or value is None:
        return asked
    if isinstance(value, list | tuple):
        return {**asked, "value": list(dict.fromkeys(new if each == old else each for each in value))}
    return {**asked, "value": new if value == old else value}


def is_timed(rule: Rule) -> bool:
    """Whether the passing of time alone may change an answer."""
    return any("within" in leaf or leaf["op"] in ("older_than", "within_last", "within_next") for leaf in leaves(rule))


def turning_points(catalogue: Catalogue, rule: Rule) -> list[tuple[str, timedelta]]:
    """
    Where the passing of time alone changes an answer: (field, offset) says that it may for things whose field has just
    come to equal now + offset. Of counts see `turns_at`.
    """
    found: dict[tuple[str, timedelta], None] = {}
    for leaf in leaves(rule):
        if "count" in leaf:
            continue
        match leaf["op"]:
            case "older_than":
                offsets: Sequence[timedelta] = (-span(leaf["value"]),)
            case "within_last":
                offsets = (-span(leaf["value"]), timedelta())
            case "within_next":
                offsets = (timedelta(), span(leaf["value"]))
            case _:
                offsets = ()
        for offset in offsets:
            found[leaf["field"], offset] = None
    return list(found)


def turns_at(catalogue: Catalogue, rule: Rule) -> Callable[[Mapping[str, Any], datetime], datetime | None]:
    """For a thing at a time: the next moment from which on time alone may make its answer another, if it ever does."""
    asked: list[Callable[[Mapping[str, Any], datetime], list[datetime]]] = []
    for leaf in leaves(rule):
        if "count" in leaf:
            asked.append(_turns_of_count(catalogue, leaf))
        elif leaf["op"] in ("older_than", "within_last", "within_next"):
            asked.append(_turns_of_field(leaf))

    def next_turn(thing: Mapping[str, Any], now: datetime) -> datetime | None:
        return min((at for each in asked for at in each(thing, now) if at > now), default=None)

    return next_turn


def _turns_of_field(leaf: Rule) -> Callable[[Mapping[str, Any], datetime], list[datetime]]:
    name, length = leaf["field"], span(leaf["value"])

    def turns(thing: Mapping[str, Any], _: datetime) -> list[datetime]:
        at = thing.get(name)
        if at is None:
            return []
        if leaf["op"] == "within_next":
            return [*_moved(at, -length), *_moved(at, _MOMENT)]
        return [at, *_moved(at, length + _MOMENT)]

    return turns


def _moved(at: datetime, by: timedelta) -> list[datetime]:
    """None at the end of time: a contract that never ends says 9999-12-31."""
    try:
        return [at + by]
    except OverflowError:
        return []


def _turns_of_count(catalogue: Catalogue, leaf: Rule) -> Callable[[Mapping[str, Any], datetime], list[datetime]]:
    times = _times(catalogue, leaf)
    length = leaf["value"] if leaf["op"] in ("older_than", "within_last") else leaf.get("within")

    def turns(thing: Mapping[str, Any], now: datetime) -> list[datetime]:
        found = times(thing)
        ends = [end for at in found for end in _moved(at, span(length) + _MOMENT)] if length else []
        return [at for at in found if at > now] + ends

    return turns
