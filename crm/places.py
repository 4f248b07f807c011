"""Where a person probably is, by their number: the clock there says whether it is night."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import phonenumbers
from phonenumbers import timezone

from app.core import addresses
from app.core.addresses import Address

_UNKNOWN = "Etc/Unknown"
# For numbers that say no more than the country: where most of its people live.
_BY_REGION = {"US": "America/New_York", "CA": "America/Toronto", "RU": "Europe/Moscow", "AU": "Australia/Sydney"}
_BY_REGION |= {"BR": "America/Sao_Paulo", "GB": "Europe/London", "MX": "America/Mexico_City", "ID": "Asia/Jakarta"}

# Those with telephones (ISO 3166).
COUNTRIES = tuple(sorted(phonenumbers.SUPPORTED_REGIONS))


@dataclass(frozen=True, slots=True)
class Place:
    """
    `zone` is an IANA time zone: where most people of the country live, if it has several that differ. They are then
    `between` two of its zones, the one behind all others and the one ahead of all; None where the clock is sure.
    """

    region: str | None
    zone: str
    between: tuple[str, str] | None = None

    @property
    def sure(self) -> bool:
        return self.between is None


def place_of(address: Address, at: datetime) -> Place | None:
    """Of a handle that is a phone number; None for others, and for numbers of nowhere (satellites, free calls)."""
    if not address.value.startswith("+"):
        return None
    found = _zones(address.value)
    return _place(*found, at) if found and found[1] else None


@lru_cache(maxsize=512)
def _place(region: str | None, zones: tuple[str, ...], at: datetime) -> Place:
    offsets = {zone: _clock(zone).utcoffset(at) or timedelta() for zone in zones}
    behind, ahead = min(zones, key=offsets.__getitem__), max(zones, key=offsets.__getitem__)
    usual = _BY_REGION.get(region or "")
    return Place(
        region,
        usual if usual and len(zones) > 1 else zones[0],
        None if offsets[behind] == offsets[ahead] else (behind, ahead),
    )


@lru_cache(maxsize=4_096)
def _zones(number: str) -> tuple[str | None, tuple[str, ...]] | None:
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return None
    region = addresses.region(parsed)
    zones = tuple(zone for zone in timezone.time_zones_for_geographical_number(parsed) if _is_known(zone))
    if not zones:
        zones = tuple(zone for zone in timezone.time_zones_for_number(parsed) if _is_known(zone))
    return (region, zones or _usual(region))


def _usual(region: str | None) -> tuple[str, ...]:
    zone = _BY_REGION.get(region or "")
    return (zone,) if zone else ()


@cache
def _clock(zone: str) -> ZoneInfo:
    """Python keeps eight of them, a country may have forty: each would be read from its file again and again."""
    return ZoneInfo(zone)


@cache
def _is_known(zone: str) -> bool:
    if zone == _UNKNOWN:
        return False
    try:
        _clock(zone)
    except (ZoneInfoNotFoundError, ValueError):
        return False
    return True
