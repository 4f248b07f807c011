"""Business hours of all kinds, in zones whose clocks change, for property tests."""

from typing import Any

from hypothesis import strategies as st

from app.core.calendars import Calendar, Span

ZONES = st.sampled_from(["Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"])
HOURS = st.sampled_from(
    [(), (Span(0, 1440),), (Span(480, 720), Span(780, 1020)), (Span(90, 200),), (Span(1300, 1700),)]
)
CALENDARS: Any = st.builds(
    lambda zone, week: Calendar(id="c", name="C", zone=zone, week=(*week, (Span(540, 1020),))),
    ZONES,
    st.tuples(*[HOURS] * 6),
)
