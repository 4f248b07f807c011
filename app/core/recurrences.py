"""Rules of repetition (RFC 5545's RRULE), reckoned by python-dateutil."""

from datetime import datetime

from dateutil.rrule import rrule


def comes(rule: rrule, by: datetime) -> bool:
    """
    Whether a day fits the pattern of this rule by then, whatever end of its own it has. A day that never comes (the
    30th of February) is looked for until the year 9999, which takes seconds: ask this first.
    """
    return next(iter(rule.replace(until=by, count=None)), None) is not None
