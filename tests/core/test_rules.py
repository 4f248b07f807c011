"""The rule language: predicate and filter agree on the real database, and what is wrong is said in words."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.core import ids, rules
from app.core.errors import Invalid
from app.core.rules import LAST, OPS, Catalogue, Event, Field
from app.core.runtime import Runtime

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
THINGS = Catalogue(
    "thing",
    (
        Field("name", "Name", "text"),
        Field("size", "Size", "number", path="measured.size"),
        Field("kind", "Kind", "choice", options=(("a", "A"), ("b", "B"), ("c", "C"))),
        Field("tags", "Tags", "many", refers_to="tag"),
        Field("vip", "VIP", "boolean"),
        Field("seen_at", "Seen", "time"),
        Field("mood", "Mood", "choice", options=(("a", "A"), ("b", "B"), ("c", "C")), elsewhere=True),
    ),
    (
        Event("order", "Ordered", (Field("total", "Total", "number"), Field("shop", "Shop", "text"))),
        Event("look", "Looked"),
    ),
)

TEXTS = st.text("aAbBéÉ .*(-\\$", min_size=1, max_size=3)
NUMBERS = st.sampled_from([-1, 0, 0.5, 1, 2, 100])
KINDS = st.sampled_from("abc")
TAGS = st.sampled_from(["tag_1", "tag_2", "tag_3"])
OFFSETS = st.sampled_from([timedelta(), timedelta(minutes=1), timedelta(hours=2), timedelta(hours=2, milliseconds=1)])
TIMES = st.builds(lambda offset, sign: NOW + sign * offset, OFFSETS, st.sampled_from([1, -1]))
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "text": TEXTS,
    "number": NUMBERS,
    "choice": KINDS,
    "many": TAGS,
    "boolean": st.booleans(),
    "time": TIMES.map(datetime.isoformat),
}
DURATIONS = st.fixed_dictionaries({"amount": st.integers(1, 3), "unit": st.sampled_from(["minutes", "hours"])})


def conditions_on(fields: tuple[Field, ...]) -> st.SearchStrategy[dict[str, Any]]:
    return st.sampled_from(fields).flatmap(condition_on)


@st.composite
def condition_on(draw: st.DrawFn, field: Field) -> dict[str, Any]:
    name = draw(st.sampled_from(field.allowed))
    value = VALUES[field.type]
    match OPS[field.type][name].takes:
        case "nothing":
            return {"field": field.name, "op": name}
        case "duration":
            value = DURATIONS
        case "list":
            value = st.lists(value, min_size=1, max_size=3)
        case "pair":
            value = st.tuples(value, value).map(sorted)
    return {"field": field.name, "op": name, "value": draw(value)}


@st.composite
def counts(draw: st.DrawFn) -> dict[str, Any]:
    event = draw(st.sampled_from(THINGS.events))
    leaf: dict[str, Any] = {"count": event.name}
    if event.attributes and draw(st.booleans()):
        leaf["where"] = draw(st.lists(conditions_on(event.attributes), max_size=2))
    leaf["op"] = draw(st.sampled_from(["is", "is_not", "gt", "lt", "between", *LAST]))
    if leaf["op"] in LAST:
        value: st.SearchStrategy[Any] = DURATIONS if "_" in leaf["op"] else VALUES["time"]
        return leaf | {"value": draw(value)}
    if draw(st.booleans()):
        leaf["within"] = draw(DURATIONS)
    few = st.integers(0, 3)
    return leaf | {"value": draw(st.lists(few, min_size=2, max_size=2).map(sorted) if leaf["op"] == "between" else few)}


RULES = st.recursive(
    st.one_of(conditions_on(THINGS.fields), counts()),
    lambda inner: st.one_of(
        st.builds(lambda parts: {"all": parts}, st.lists(inner, max_size=3)),
        st.builds(lambda parts: {"any": parts}, st.lists(inner, max_size=3)),
        st.builds(lambda part: {"not": part}, inner),
    ),
    max_leaves=6,
)
DOCUMENTS = st.fixed_dictionaries(
    {},
    optional={
        "name": st.none() | TEXTS | st.text("aAbBéÉ .*(-\\$", max_size=6),
        "size": st.none() | NUMBERS,
        "kind": st.none() | KINDS,
        "tags": st.lists(TAGS, max_size=3, unique=True),
        "vip": st.none() | st.booleans(),
        "seen_at": st.none() | TIMES,
        "mood": st.none() | KINDS,
        rules.happened("look"): st.lists(st.fixed_dictionaries({"at": TIMES}), max_size=4),
        rules.happened("order"): st.lists(
            st.fixed_dictionaries({"at": TIMES}, optional={"total": NUMBERS, "shop": TEXTS}), max_size=4
        ),
    },
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(things=st.lists(DOCUMENTS, min_size=1, max_size=12), wanted=st.lists(RULES, min_size=1, max_size=6))
async def test_predicate_and_filter_agree(
    runtime: Runtime, things: list[dict[str, Any]], wanted: list[dict[str, Any]]
) -> None:
    case = ids.new("case")
    known = {f"{case}/{n}": thing for n, thing in enumerate(things)}
    await runtime.mongo.things.insert_many([_stored(row_id, case, thing) for row_id, thing in known.items()])
    for rule in wanted:
        rules.validate(THINGS, rule)
        holds = rules.predicate(THINGS, rule)
        query = {"case": case, **rules.query(THINGS, rule, NOW)}
        found = {row["_id"] for row in await runtime.mongo.things.find(query).to_list()}
        right = {row_id for row_id, thing in known.items() if holds(thing, NOW)}
        # Of what is kept elsewhere the filter knows nothing: it then finds all that may be right.
        assert found == right if rules.is_stored(THINGS, rule) else found >= right, (rule, query)


def _stored(row_id: str, case: str, thing: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in thing.items() if name != "mood" and not name.startswith("happened:")}
    row = {"_id": row_id, "case": case, **kept}
    if "size" in row:
        row["measured"] = {"size": row.pop("size")}
    return row


@settings(max_examples=200)
@given(thing=DOCUMENTS, rule=RULES, seconds=st.integers(1, 4 * 3600))
def test_time_alone_changes_answers_only_at_turning_points(
    thing: dict[str, Any], rule: dict[str, Any], seconds: int
) -> None:
    """What a sweep from one time to a later one has to look at is enough."""
    later = NOW + timedelta(seconds=seconds)
    holds = rules.predicate(THINGS, rule)
    if holds(thing, NOW) != holds(thing, later):
        turn = rules.turns_at(THINGS, rule)(thing, NOW)
        assert turn is not None
        assert turn <= later
        if any("count" in leaf for leaf in rules.leaves(rule)):
            return
        points = rules.turning_points(THINGS, rule)
        assert any(thing.get(field) and NOW + offset <= thing[field] <= later + offset for field, offset in points), (
            thing,
            rule,
        )


@pytest.mark.parametrize("at", [datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)])
@pytest.mark.parametrize("op", ["older_than", "within_last", "within_next"])
def test_the_ends_of_time_are_times(op: str, at: datetime) -> None:
    """What never ends is written as 9999-12-31; it turns nobody, and nothing breaks."""
    length = {"amount": 3_660, "unit": "days"}
    rule = rules.validate(THINGS, {"field": "seen_at", "op": op, "value": length})
    far = {"seen_at": at, rules.happened("order"): [{"at": at}]}
    turn = rules.turns_at(THINGS, rule)(far, NOW)
    assert turn is None or turn > NOW + timedelta(days=365_000)
    assert rules.predicate(THINGS, rule)(far, NOW) is (op == "older_than" and at < NOW)


WRONG: list[tuple[Any, str, str]] = [
    ("x", "rule", "condition"),
    ({}, "rule", "one of"),
    ({"all": {}}, "rule.all", "list"),
    ({"all": [], "any": []}, "rule", "nothing beside"),
    ({"not": [1]}, "rule.not", "condition"),
    ({"field": "height", "op": "is"}, "rule.field", "choose one of name"),
    ({"field": [], "op": "is"}, "rule.field", "no such field"),
    ({"field": "size", "op": "contains", "value": 1}, "rule.op", "is, is_not, gt"),
    ({"field": "size", "op": ["is"], "value": 1}, "rule.op", "is, is_not, gt"),
    ({"field": "size", "op": "gt", "value": "1"}, "rule.value", "number"),
    ({"field": "size", "op": "is", "value": True}, "rule.value", "number"),
    ({"field": "size", "op": "is", "value": float("inf")}, "rule.value", "number"),
    ({"field": "size", "op": "between", "value": [1]}, "rule.value", "two numbers"),
    ({"field": "kind", "op": "in", "value": []}, "rule.value", "at least one"),
    ({"field": "kind", "op": "in", "value": ["z"]}, "rule.value", "one of a, b, c"),
    ({"field": "kind", "op": "is", "value": None}, "rule.value", "text"),
    ({"field": "tags", "op": "has_any", "value": "tag_1"}, "rule.value", "at least one"),
    ({"field": "vip", "op": "is", "value": 1}, "rule.value", "yes or no"),
    ({"field": "seen_at", "op": "before", "value": "yesterday"}, "rule.value", "its zone"),
    ({"field": "seen_at", "op": "before", "value": "2026-11-22T12:00:00"}, "rule.value", "its zone"),
    ({"field": "seen_at", "op": "older_than", "value": {"amount": 0, "unit": "hours"}}, "rule.value", "at least 1"),
    ({"field": "seen_at", "op": "older_than", "value": {"amount": 1, "unit": "moons"}}, "rule.value", "unit"),
    ({"field": "seen_at", "op": "is_set", "value": 1}, "rule.value", "no value"),
    ({"field": "name", "op": "is", "value": "a", "also": 1}, "rule", "not also"),
    ({"count": "dance", "op": "gt", "value": 3}, "rule.count", "choose one of order, look"),
    ({"count": "look", "op": "contains", "value": "x"}, "rule.op", "how often"),
    ({"count": "look", "op": "gt", "value": 101}, "rule.value", "0 to 100"),
    ({"count": "look", "op": "between", "value": [1]}, "rule.value", "least"),
    ({"field": "size", "op": "between", "value": [9, 1]}, "rule.value", "least first"),
    ({"count": "look", "op": "between", "value": [3, 1]}, "rule.value", "least first"),
    ({"count": "look", "op": "gt", "value": 1, "within": {"amount": 1, "unit": []}}, "rule.within", "unit"),
    ({"count": "look", "op": "before", "value": NOW.isoformat(), "within": {}}, "rule.within", "Leave it out"),
    ({"count": "order", "op": "is", "value": 1, "where": [{"field": "x", "op": "is"}]}, "rule.where.0.field", "total"),
    ({"count": "order", "op": "is", "value": 1, "where": [{"not": {}}]}, "rule.where.0", "field, op, value"),
    ({"count": "order", "op": "is", "value": 1, "who": 1}, "rule", "not who"),
    (
        {"all": [{"field": "size", "op": "gt", "value": 1}, {"any": [{"field": "x"}]}]},
        "rule.all.1.any.0.field",
        "no such",
    ),
]


@pytest.mark.parametrize(("rule", "place", "words"), WRONG)
def test_what_is_wrong_is_said_in_words(rule: Any, place: str, words: str) -> None:
    with pytest.raises(Invalid) as refused:
        rules.validate(THINGS, rule)
    assert refused.value.errors[0].field == place
    assert words in refused.value.errors[0].message


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["all", "any", "not", "field", "op", "value", "name", "x", "count", "look", "within"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=300)
@given(JSON)
def test_any_json_is_a_rule_or_is_refused(given: Any) -> None:
    try:
        rule = rules.validate(THINGS, given)
    except Invalid:
        return
    rules.predicate(THINGS, rule)({}, NOW)
    rules.query(THINGS, rule, NOW)
    rules.turns_at(THINGS, rule)({}, NOW)


def test_bounds_hold() -> None:
    leaf = {"field": "vip", "op": "is", "value": True}
    with pytest.raises(Invalid, match="50 conditions"):
        rules.validate(THINGS, {"all": [{"any": [leaf] * 30}, {"any": [leaf] * 30}]})
    deep: dict[str, Any] = leaf
    for _ in range(20):
        deep = {"not": deep}
    with pytest.raises(Invalid, match="6 deep"):
        rules.validate(THINGS, deep)


def test_what_keeps_no_events_counts_none() -> None:
    with pytest.raises(Invalid, match="not counted for stones"):
        rules.validate(Catalogue("stone", THINGS.fields), {"count": "look", "op": "gt", "value": 1})


def test_what_it_names_is_known() -> None:
    rule = {"any": [{"not": {"field": "tags", "op": "has_any", "value": ["tag_1", "tag_2"]}}, {"all": []}]}
    assert rules.refers(THINGS, rule, "tag") == {"tag_1", "tag_2"}
    assert rules.refers(THINGS, rule, "team") == set()


def test_what_it_names_can_become_another_wherever_it_is_named() -> None:
    """Also in what a counted event is asked: nothing that `refers` finds is left."""
    order = Event("order", "Ordered", (Field("labels", "Labels", "many", refers_to="tag"),))
    known = Catalogue("thing", THINGS.fields, (order,))
    named = {"op": "has_any", "value": ["tag_1", "tag_2"]}
    rule = {
        "all": [
            {"not": {"field": "tags", **named}},
            {"count": "order", "op": "gt", "value": 1, "where": [{"field": "labels", **named}]},
        ]
    }
    now = rules.swapped(known, rule, "tag", "tag_1", "tag_2")
    assert rules.refers(known, rule, "tag") == {"tag_1", "tag_2"}
    assert rules.refers(known, now, "tag") == {"tag_2"}
    assert now["all"][1]["where"] == [{"field": "labels", "op": "has_any", "value": ["tag_2"]}]
    assert now["all"][1]["value"] == 1
