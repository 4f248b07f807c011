"""
What runs in the worker, and which event wakes what: one page, read from top to bottom.

News travels against the imports by events: a lower package publishes, and this table says whom that wakes.
"""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from app.core.queue import Job
from app.core.runtime import Runtime
from automations import checks, membership, segments, waking
from automations import jobs as automation_jobs
from crm import data_health_look, exports, imports
from inbox import budgets, checkups, contact_health, delivery, inbound, jobs, polling, reconcile, sweeper
from inbox.erasing import erasing, retention
from inbox.finding import bulk, search, view_work
from inbox.mailings import engine, placing
from inbox.merging import merging
from inbox.routing import duties, routing
from inbox.ticketing import incidents, ticket_news

JOBS: tuple[Job, ...] = (*jobs.JOBS, *automation_jobs.JOBS)

# Contacts that came into segments, and went out of them.
SEGMENT_MOVES: tuple[membership.Listener, ...] = (segments.tell_moved,)

BACKGROUND: Mapping[str, Callable[[Runtime], Awaitable[None]]] = {
    "sweeper": sweeper.run,
    "duties": duties.run,
    "routing": routing.run,
    "outbox-marks": delivery.keep_clearing,
    "inbound-marks": inbound.keep_clearing,
    "polling": polling.run,
    "reconcile": reconcile.run,
    "checkups": checkups.run,
    "budgets": budgets.run,
    "tickets": ticket_news.run,
    "incidents": incidents.run,
    "merges": merging.run,
    "views": view_work.run,
    "search": search.run,
    "bulk": bulk.run,
    "mailings": engine.run,
    "placing": placing.run,
    "imports": imports.run,
    "exports": exports.run,
    "erasures": erasing.run,
    "retention": retention.run,
    "data-health": data_health_look.run,
    "contact-health": contact_health.run,
    "broadcast-checks": checks.run,
    "segments": partial(membership.run, listeners=SEGMENT_MOVES),
    "broadcasts": waking.run,
}
