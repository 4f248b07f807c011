"""The clock where a person is, by their number."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.addresses import Address
from crm.places import place_of

JULY = datetime(2026, 7, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("number", "zone", "sure"),
    [
        ("+12025550123", "America/New_York", True),
        ("+233201234567", "Africa/Accra", True),
        ("+447700900123", "Europe/London", True),
        ("+15005550006", "America/New_York", False),
    ],
)
def test_by_number(number: str, zone: str, sure: bool) -> None:
    place = place_of(Address("whatsapp", number), JULY)
    assert place is not None
    assert (place.zone, place.sure) == (zone, sure)


@given(st.text("+0123456789x", max_size=20))
def test_whatever_the_handle_the_zone_is_one_that_exists(value: str) -> None:
    place = place_of(Address("sms", value), JULY)
    assert place is None or ZoneInfo(place.zone)
