"""The gate: facts are kept once, late ones change nothing, and no sequence of events lets out what must stay in."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.core import ids
from app.core.addresses import Address
from app.core.errors import OptedOut
from app.core.runtime import Runtime, Workspace
from crm import consent, contacts
from crm.consent import PURPOSES, ConsentFact
from crm.contacts import Profile

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
SLOW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


async def person(ws: Workspace, kind: str = "sms") -> contacts.ContactAddress:
    return await contacts.resolve(ws, Address(kind, f"+1{ids.new('x')[-10:]}"), profile=Profile())


def fact(of: contacts.ContactAddress, state: Any, minutes: float = 0, **more: Any) -> ConsentFact:
    values: dict[str, Any] = {
        "purposes": PURPOSES,
        "source": "keyword",
        "evidence": ids.new("ent"),
        "at": AT + timedelta(minutes=minutes),
        **more,
    }
    return ConsentFact(contact_id=of.contact_id, address=of.address, state=state, **values)


async def states(ws: Workspace, of: contacts.ContactAddress) -> dict[str, str]:
    found = await contacts.known(ws, of.address)
    assert found is not None
    return {purpose: known.state for purpose, known in found.consent.items()}


async def test_told_twice_kept_once(ws: Workspace) -> None:
    one = await person(ws)
    stop = fact(one, "withdrawn", wording="STOP")
    assert await consent.record(ws, stop) is True
    assert await asyncio.gather(*(consent.record(ws, stop) for _ in range(5))) == [False] * 5
    kept = await consent.history(ws, one.contact_id)
    assert [(f.state, f.wording, f.evidence) for f in kept] == [("withdrawn", "STOP", stop.evidence)]


async def test_a_late_fact_is_kept_and_changes_nothing(ws: Workspace) -> None:
    one = await person(ws)
    await consent.record(ws, fact(one, "granted", minutes=10))
    await consent.record(ws, fact(one, "withdrawn", minutes=5))
    assert set((await states(ws, one)).values()) == {"granted"}
    assert len(await consent.history(ws, one.contact_id)) == 2


async def test_a_crash_between_fact_and_state_is_made_good(ws: Workspace) -> None:
    one = await person(ws)
    stop = fact(one, "withdrawn")
    await ws.db.consents.insert(
        {"_id": ids.derived("cns", stop.evidence, str(one.address), ",".join(PURPOSES), "withdrawn")}
    )
    assert await states(ws, one) == {}
    await consent.record(ws, stop)
    assert set((await states(ws, one)).values()) == {"withdrawn"}


async def test_unknown_handles_get_nothing(ws: Workspace) -> None:
    with pytest.raises(OptedOut) as refused:
        await consent.require(ws, Address("sms", "+12025559999"), "service")
    assert refused.value.code == "unknown_address"


@SLOW
@given(data=st.data())
async def test_the_newest_fact_counts_in_whatever_order_they_come(runtime: Runtime, data: st.DataObject) -> None:
    ws = runtime.workspace(ids.new("ws"))
    one = await person(ws)
    minutes = data.draw(st.lists(st.integers(0, 50), min_size=1, max_size=6, unique=True))
    facts = [
        fact(
            one,
            data.draw(st.sampled_from(["granted", "withdrawn", "blocked", "unknown"])),
            minute,
            purposes=tuple(data.draw(st.sets(st.sampled_from(PURPOSES), min_size=1))),
        )
        for minute in minutes
    ]
    for each in data.draw(st.permutations(facts)):
        await consent.record(ws, each)
    wanted = {}
    for purpose in PURPOSES:
        about = [f for f in facts if purpose in f.purposes]
        if about:
            wanted[purpose] = max(about, key=lambda f: f.at).state
    assert await states(ws, one) == wanted
    found = await contacts.known(ws, one.address)
    assert found is not None
    for purpose in PURPOSES:
        refused = consent.refusal(found, purpose)
        if wanted.get(purpose) in ("withdrawn", "blocked") or purpose == "marketing":
            assert refused is not None
            assert refused[1]
        else:
            assert refused is None


async def test_a_newly_known_handle_has_what_the_person_said_under_the_other(ws: Workspace) -> None:
    user_id = Address("whatsapp", f"US.{ids.new('x')}")
    phone = Address("whatsapp", f"+1{ids.new('x')[-10:]}")
    hidden = await contacts.resolve(ws, user_id, profile=Profile())
    await consent.record(ws, fact(hidden, "withdrawn", purposes=("marketing", "service")))
    shown = await contacts.resolve(ws, phone, aliases=[user_id], profile=Profile())
    assert await states(ws, shown) == {"marketing": "withdrawn", "service": "withdrawn"}
    with pytest.raises(OptedOut):
        await consent.require(ws, phone, "service")


async def test_consent_goes_along_with_a_new_number(ws: Workspace) -> None:
    one = await person(ws)
    await consent.record(ws, fact(one, "withdrawn", purposes=("marketing",)))
    new = Address("sms", f"+1{ids.new('x')[-10:]}")
    await contacts.move_address(ws, one.address, new)
    found = await contacts.known(ws, new)
    assert found is not None
    assert found.consent["marketing"].state == "withdrawn"
