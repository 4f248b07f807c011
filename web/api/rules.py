"""How a catalogue of the rule language looks from outside: what a screen builds rules from."""

from app.core.rules import OPS, Catalogue, Field, Takes, Type
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


class CatalogueOut(Out):
    noun: str
    fields: list[FieldOut]


def catalogue_out(catalogue: Catalogue) -> CatalogueOut:
    return CatalogueOut(
        noun=catalogue.noun,
        fields=[
            FieldOut(
                name=field.name,
                label=field.label,
                type=field.type,
                options=list(field.options),
                refers_to=field.refers_to,
                ops=[_op(field, name) for name in field.allowed],
            )
            for field in catalogue.fields
        ],
    )


def _op(field: Field, name: str) -> OpOut:
    op = OPS[field.type][name]
    return OpOut(name=name, label=op.label, takes=op.takes)
