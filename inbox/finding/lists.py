"""What a list of conversations is made of: a view, narrowed by filters, as dimensions of facets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from inbox.finding import facets
from inbox.finding.facets import CLOSED, GROUPS, OPEN, SNOOZED
from inbox.sight import Sight

BuiltIn = Literal[
    "open", "mine", "unassigned", "mentions", "unread", "snoozed", "closing", "waiting", "breached", "closed", "all"
]
# Counters that are added up (1) or taken off (-1).
Counters = Mapping[str, int]
Order = Literal["last_activity_at", "closing_at", "waiting_at"]
ACTIVITY: Order = "last_activity_at"
# Their counters are kept; the closing window moves with the clock and is counted by its index.
COUNTED: tuple[BuiltIn, ...] = (
    "open", "mine", "unassigned", "mentions", "unread", "snoozed", "waiting", "breached", "closed"
)  # fmt: skip
# Where it is counted what of them a member has not read; saved views besides.
READ_IN: tuple[BuiltIn, ...] = ("open", "mine", "unassigned", "mentions")
# A window that closes within these hours is worth a list of its own.
CLOSING_HOURS = 4
NOBODY = "none"
ME = "me"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """
    A view (built in, or the id of a saved one) and filters: any of the values of each, all of the filters.

    Assignees may be `me` and `none`; `since` and `until` are about the last activity.
    """

    view: str = "open"
    channels: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    assignees: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    priorities: tuple[str, ...] = ()
    unread: bool = False
    since: datetime | None = None
    until: datetime | None = None


def is_built_in(view: str) -> bool:
    return view in get_args(BuiltIn)


def order_of(view: str) -> Order:
    return {"closing": "closing_at", "waiting": "waiting_at"}.get(view, ACTIVITY)  # type: ignore[return-value]


def _groups(view: str) -> Sequence[str]:
    """Which of open, snoozed and closed conversations a view may hold."""
    if view in (SNOOZED, CLOSED):
        return (view,)
    if view in ("mentions", "all") or not is_built_in(view):
        return GROUPS
    return (OPEN,)


def _of_view(view: str, member_id: str) -> Sequence[str]:
    match view:
        case "mine":
            return (f"{OPEN}:assignee:{member_id}",)
        case "unassigned" | "breached":
            return (f"{OPEN}:{view}",)
        case "unread":
            return (f"{OPEN}:unread", f"{OPEN}:unread:{member_id}")
        case "mentions":
            return (f"mention:{member_id}",)
        case _ if is_built_in(view):
            return _groups(view)
        case _:
            return (f"view:{view}",)


def counted(view: str, member_id: str) -> Counters:
    """The counters that make up a view's number."""
    if view == "unread":
        return unread("open", member_id)
    return dict.fromkeys((facets.WAITING,) if view == "waiting" else _of_view(view, member_id), 1)


def unread(view: str, member_id: str) -> Counters:
    """Those that tell how many of a view's open conversations a member has not read."""
    (word,) = _of_view(view, member_id)
    between = ":" if word == OPEN else "|"
    signs = {"unread": 1, f"unread:{member_id}": 1, f"read:{member_id}": -1}
    return {f"{word}{between}{each}": sign for each, sign in signs.items()}


def without(wanted: Wanted, member_id: str) -> frozenset[str]:
    """Facets of which what is wanted may have none."""
    if not wanted.unread and wanted.view != "unread":
        return frozenset()
    return frozenset(f"{group}:read:{member_id}" for group in GROUPS)


def dimensions(wanted: Wanted, sight: Sight) -> list[Sequence[str]]:
    """Lists of facets: what is wanted, and seen, has one of each. The first is the view's own."""
    groups, member_id = _groups(wanted.view), sight.member_id
    found: list[Sequence[str]] = [_of_view(wanted.view, member_id)]
    if not sight.everything:
        found.append(sight.facets(groups))

    def narrow(rests: Sequence[str]) -> None:
        if rests:
            found.append([f"{group}:{rest}" for group in groups for rest in rests])

    narrow([f"channel:{kind}" for kind in wanted.channels])
    narrow([f"tag:{tag}" for tag in wanted.tags])
    narrow([_assignee(each, member_id) for each in wanted.assignees])
    narrow([f"team:{team}" for team in wanted.teams])
    narrow(["unread", f"unread:{member_id}"] if wanted.unread else [])
    # Normal is what has no facet: looked for among the rows instead.
    narrow([f"priority:{each}" for each in wanted.priorities] if "normal" not in wanted.priorities else [])
    if wanted.states:
        found.append(sorted({facets.group(state) for state in wanted.states}))
    return found


def _assignee(given: str, member_id: str) -> str:
    return "unassigned" if given == NOBODY else f"assignee:{member_id if given == ME else given}"
