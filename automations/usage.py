"""
Where things are used, campaigns included: what the inbox knows of, then the rules of segments, and the broadcasts that
have not gone: their rules and the templates that they send. Asked before one of them is deleted; and who follows when
one tag becomes another.
"""

from collections.abc import Callable, Iterator

from app.core import rules
from app.core.errors import Invalid
from app.core.rules import Catalogue, Rule
from app.core.runtime import Workspace
from automations import broadcasts, segments
from automations.plans import Audience
from inbox import templates, usage
from inbox.usage import Use


async def of(ws: Workspace, noun: str, thing_id: str) -> list[Use]:
    """Everything that refers to it. Raises KeyError for a noun of which nobody knows who refers to it."""
    return [*await usage.of(ws, noun, thing_id), *await naming(ws, noun, thing_id)]


async def naming(ws: Workspace, noun: str, thing_id: str) -> list[Use]:
    """
    The segments and broadcasts whose rules name it; of a field of contacts, those that ask for it; of a template, the
    broadcasts that send it.
    """
    if noun == "template":
        return await _sending(ws, thing_id)
    known = await segments.catalogue(ws)
    every = await segments.every(ws)
    found = [Use("segment", each.id, each.name) for each in every if _names(known, each.rule, noun, thing_id)]
    for each in await broadcasts.not_gone(ws):
        if any(_names(known, rule, noun, thing_id) for rule in _rules(known, each.plan.audience)):
            found.append(Use("broadcast", each.id, each.plan.name))
    return found


async def _sending(ws: Workspace, template_id: str) -> list[Use]:
    kept = await templates.get(ws, template_id)
    if kept is None:
        return []
    going = await broadcasts.sending(ws, kept.account_id, kept.template.name, kept.template.language)
    return [Use("broadcast", each.id, each.plan.name) for each in going]


async def using_tag(ws: Workspace, tag_id: str) -> list[Use]:
    return await naming(ws, "tag", tag_id)


async def swap_tag(ws: Workspace, old: str, new: str) -> None:
    """Those that name one tag name the other. Nobody has changed anything by hand: what was approved stays approved."""
    known = await segments.catalogue(ws)

    def swapped(rule: Rule) -> Rule:
        return rules.swapped(known, rule, "tag", old, new)

    def swapped_if_one(rule: Rule) -> Rule:
        return swapped(rule) if _is_rule(known, rule) else rule

    for segment in await segments.every(ws):
        await segments.reword(ws, segment, swapped(segment.rule))
    for broadcast in await broadcasts.not_gone(ws):
        await broadcasts.reword(ws, broadcast, _swapped(broadcast.plan.audience, swapped_if_one))


def _swapped(audience: Audience, how: Callable[[Rule], Rule]) -> Audience:
    exclude = audience.exclude.model_copy(update={"rule": audience.exclude.rule and how(audience.exclude.rule)})
    return audience.model_copy(update={"rule": audience.rule and how(audience.rule), "exclude": exclude})


def _rules(known: Catalogue, audience: Audience) -> Iterator[Rule]:
    yield from (rule for rule in (audience.rule, audience.exclude.rule) if rule and _is_rule(known, rule))


def _is_rule(known: Catalogue, rule: Rule) -> bool:
    """A draft may hold what is none yet, and names nothing by it."""
    try:
        rules.validate(known, rule)
    except Invalid:
        return False
    return True


def _names(known: Catalogue, rule: Rule, noun: str, thing_id: str) -> bool:
    if noun == "contact_field":
        return any(leaf.get("field") == f"fields.{thing_id}" for leaf in rules.leaves(rule))
    return thing_id in rules.refers(known, rule, noun)
