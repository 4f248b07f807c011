"""Closing: what a workspace has settled about it, closing with a reason, and words of thanks that change nothing."""

from datetime import timedelta
from typing import Annotated, Literal
from weakref import WeakKeyDictionary

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StringConstraints

from app.core import audit, ids
from app.core.audit import Target
from app.core.errors import Invalid
from app.core.permissions import Actor
from app.core.runtime import Runtime, Workspace
from channels.content import Content
from inbox import conversations, live
from inbox.answering import variables
from inbox.closing import thanks
from inbox.conversations import Conversation, Hand
from inbox.store import closing as store

# Settings are read again after so long; another process may have changed them.
KEPT_SECONDS = 3.0


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Reason(Part):
    """A category of closing. A new one comes without id."""

    id: Annotated[str, Field(max_length=60)] = ""
    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]


class AutoClose(Part):
    """
    After so much silence of the customer: a warning, and later the end. The first that fits a conversation holds.

    `channel` and `team_id` narrow it; None fits all. Without a warning it closes silently.
    """

    channel: Annotated[str | None, Field(max_length=40)] = None
    team_id: Annotated[str | None, Field(max_length=100)] = None
    after_minutes: Annotated[int, Field(strict=True, ge=1, le=60 * 24 * 60)] = 24 * 60
    warning: Annotated[str, Field(max_length=1_000)] = ""
    close_minutes: Annotated[int, Field(strict=True, ge=1, le=30 * 24 * 60)] = 60


_Templates = Annotated[
    dict[Annotated[str, Field(max_length=100, pattern=r"^[A-Za-z0-9_-]+$")], Annotated[str, Field(max_length=600)]],
    Field(max_length=50),
]
_Words = Annotated[str, Field(max_length=1_000)]


class Csat(Part):
    """
    The question after closing. `templates` names, by account, the template (`name/language`) that goes out where the
    reply window is closed; `labels` are the five buttons from worst to best.
    """

    enabled: StrictBool = False
    delay_minutes: Annotated[int, Field(strict=True, ge=0, le=7 * 24 * 60)] = 1
    answer_hours: Annotated[int, Field(strict=True, ge=1, le=168)] = 24
    cooldown_days: Annotated[int, Field(strict=True, ge=0, le=365)] = 7
    sample_percent: Annotated[int, Field(strict=True, ge=1, le=100)] = 100
    question: _Words = "How did we do?"
    question_digits: _Words = "How did we do? Answer with a number from 1 (very bad) to 5 (very good)."
    labels: Annotated[
        tuple[Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20)], ...],
        Field(min_length=5, max_length=5),
    ] = (
        "1 · Very bad",
        "2 · Bad",
        "3 · Okay",
        "4 · Good",
        "5 · Very good",
    )
    thank_you: _Words = "Thank you!"
    ask_why: _Words = "Thank you! What could we do better?"
    low_score: Annotated[int, Field(strict=True, ge=0, le=4)] = 2
    on_low: Literal["nothing", "notify", "reopen"] = "notify"
    templates: _Templates = {}


class Nps(Part):
    """The question `after_days` after the first contact: would you recommend us, 0 to 10."""

    enabled: StrictBool = False
    after_days: Annotated[int, Field(strict=True, ge=1, le=730)] = 60
    answer_hours: Annotated[int, Field(strict=True, ge=1, le=336)] = 72
    question: _Words = (
        "How likely are you to recommend us to a friend? Answer with a number from 0 (not at all) to 10 (surely)."
    )
    thank_you: _Words = "Thank you!"
    ask_why: _Words = "Thank you for telling us. What should we do better?"
    templates: _Templates = {}


DEFAULT_REASONS = tuple(
    Reason(id=f"rsn_{name.split()[0].lower()}", name=name) for name in ("Solved", "No answer", "Duplicate", "Other")
)


class ClosingSettings(Part):
    reasons: Annotated[tuple[Reason, ...], Field(max_length=50)] = DEFAULT_REASONS
    ask_reason: Literal["never", "optional", "required"] = "optional"
    thanks_keep_closed: StrictBool = True
    # Whether a colleague's answer makes a conversation read for everybody, or for themselves only.
    read_when_answered: StrictBool = True
    auto_close: Annotated[tuple[AutoClose, ...], Field(max_length=20)] = ()
    csat: Csat = Csat()
    nps: Nps = Nps()


# --- settings -----------------------------------------------------------------------------------------------------

_kept: WeakKeyDictionary[Runtime, dict[str, tuple[float, ClosingSettings]]] = WeakKeyDictionary()


async def settings_of(ws: Workspace) -> ClosingSettings:
    """From memory where it was read a moment ago."""
    kept = _kept.setdefault(ws.runtime, {})
    now = ws.clock.now().timestamp()
    found = kept.get(ws.id)
    if found is None or abs(now - found[0]) > KEPT_SECONDS:
        stored = await store.get(ws)
        found = kept[ws.id] = (now, ClosingSettings.model_validate(stored) if stored else ClosingSettings())
    return found[1]


async def save_settings(ws: Workspace, actor: Actor, wanted: ClosingSettings) -> ClosingSettings:
    """Raises Invalid for texts that cannot be written, questions without words and two reasons of one name."""
    asked = {f"csat.{name}" for name in ("question", "question_digits") if wanted.csat.enabled}
    asked |= {"nps.question"} if wanted.nps.enabled else set()
    for field, text in _texts(wanted):
        variables.check(text, field=field)
        if not text.strip() and field in asked:
            raise Invalid.field(field, "Write the question, or switch it off.")
    names = [reason.name.casefold() for reason in wanted.reasons]
    if len(set(names)) < len(names):
        raise Invalid.field("reasons", "Two reasons have the same name.")
    if wanted.ask_reason == "required" and not wanted.reasons:
        raise Invalid.field("ask_reason", "A reason can be required only where there is one to choose.")
    reasons = tuple(r if r.id else Reason(id=ids.new("rsn"), name=r.name) for r in wanted.reasons)
    saved = wanted.model_copy(update={"reasons": reasons})
    async with live.announced(ws, "closing_settings", ws.id):
        await store.save(ws, saved.model_dump(mode="json"))
        _kept.setdefault(ws.runtime, {}).pop(ws.id, None)
        await audit.record(ws, actor, "closing.changed", Target("workspace", ws.id), {})
        await live.publish(ws, live.event("closing_settings", {"id": ws.id}))
    return saved


def _texts(wanted: ClosingSettings) -> list[tuple[str, str]]:
    found = [(f"auto_close.{n}.warning", rule.warning) for n, rule in enumerate(wanted.auto_close)]
    for noun, part in (("csat", wanted.csat), ("nps", wanted.nps)):
        found += [(f"{noun}.{name}", getattr(part, name)) for name in ("question", "thank_you", "ask_why")]
    return [*found, ("csat.question_digits", wanted.csat.question_digits)]


# --- closing by hand ----------------------------------------------------------------------------------------------


async def close(
    ws: Workspace,
    conversation: Conversation,
    *,
    by: str | None,
    reason_id: str | None = None,
    comment: str = "",
    hand: Hand | None = None,
) -> tuple[Conversation, bool, str | None]:
    """
    With the workspace's reason; the third is its name. Raises Invalid (no such reason, or one is required),
    ChangedMeanwhile.
    """
    settings = await settings_of(ws)
    reason = next((reason for reason in settings.reasons if reason.id == reason_id), None)
    if reason_id is not None and reason is None:
        raise Invalid.field("reason_id", "There is no such reason; it may have been deleted.")
    if reason is None and settings.ask_reason == "required":
        raise Invalid.field("reason_id", "Choose why it is closed: this workspace asks for a reason.")
    saved, changed = await conversations.close(ws, conversation, by=by, reason_id=reason_id, comment=comment, hand=hand)
    return saved, changed, reason.name if reason else None


# --- words of thanks ----------------------------------------------------------------------------------------------


async def keeps_closed(ws: Workspace, conversation: Conversation, content: Content) -> bool:
    """Whether this word of a customer leaves a closed conversation closed."""
    if conversation.state != "closed" or not thanks.is_closing(content):
        return False
    return (await settings_of(ws)).thanks_keep_closed


# --- silence --------------------------------------------------------------------------------------------------------


def rule_for(settings: ClosingSettings, conversation: Conversation, channel: str | None) -> AutoClose | None:
    return next(
        (
            rule
            for rule in settings.auto_close
            if rule.channel in (None, channel) and rule.team_id in (None, conversation.team_id)
        ),
        None,
    )


async def idle_after(ws: Workspace, conversation: Conversation, channel: str | None) -> timedelta | None:
    """How long a customer may be silent after our answer until something happens by itself."""
    rule = rule_for(await settings_of(ws), conversation, channel)
    return timedelta(minutes=rule.after_minutes) if rule else None
