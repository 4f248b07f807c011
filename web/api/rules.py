"""How a catalogue of the rule language looks from outside: what a screen builds rules from."""

from app.core.rules import LAST, OFTEN, OPS, Catalogue, Field, Takes, Type
from web.api.models import Out


class OpOut(Out):
    name: str
    label: str
    # What its value is: none, one, a list, a least and a most, or {amount, unit}.
    takes: Takes


class FieldOut(Out):
    name: str
    label: str
    type: Type
    # Value and label, where they are few and known.
    options: list[tuple[str, str]]
    # Its values are ids of this kind of thing: offer them by name.
    refers_to: str | None
    ops: list[OpOut]


class CountedOut(Out):
    """Something that is counted: `{"count": name, "where": [conditions on attributes], "within", "op", "value"}`."""

    name: str
    label: str
    attributes: list[FieldOut]


class CatalogueOut(Out):
    """`often` and `last` are the operators of counts: how many times, and when the last time was."""

    noun: str
    fields: list[FieldOut]
    events: list[CountedOut]
    often: list[OpOut]
    last: list[OpOut]


def catalogue_out(catalogue: Catalogue) -> CatalogueOut:
    return CatalogueOut(
        noun=catalogue.noun,
        fields=[_field(field) for field in catalogue.fields],
        events=[
            CountedOut(name=event.name, label=event.label, attributes=[_field(each) for each in event.attributes])
            for event in catalogue.events
        ],
        often=[_op("number", name) for name in OFTEN] if catalogue.events else [],
        last=[_op("time", name) for name in LAST] if catalogue.events else [],
    )


def _field(field: Field) -> FieldOut:
    return FieldOut(
        name=field.name,
        label=field.label,
        type=field.type,
        options=list(field.options),
        refers_to=field.refers_to,
        ops=[_op(field.type, name) for name in field.allowed],
    )


def _op(kind: Type, name: str) -> OpOut:
    op = OPS[kind][name]
    return OpOut(name=name, label=op.label, takes=op.takes)
