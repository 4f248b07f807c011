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
from crm import consent, contacts, standing
from crm.consent import ConsentFact
from crm.contacts import Profile
from crm.standing import PURPOSES
from crm.store import consents as store

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
SLOW = settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])


async def person(ws: Workspace, kind: str = "sms") -> contacts.ContactAddress:
    return await contacts.resolve(ws, Address(kind, f"+1{ids.new('x')[-10:]}"), profile=Profile())


def fact(of: contacts.ContactAddress, state: Any, minutes: float = 0, **more: Any) -> ConsentFact:
    values: dict[str, Any] = {
        "purposes": PURPOSES,
        "source": "keyword",
        "evidence": ids.new("ent"),
        "at": AT + timedelta(minutes=minutes),
        "recorded_at": AT + timedelta(hours=1),
        **more,
    }
    return ConsentFact(contact_id=of.contact_id, address=of.address, state=state, **values)


async def states(ws: Workspace, of: contacts.ContactAddress) -> dict[str, str]:
    found = await contacts.known(ws, of.address)
    assert found is not None
    return {name: known.state for name, known in found.consent.items()}


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
    await store.insert(ws, consent.id_of(stop), stop)
    assert await states(ws, one) == {}
    assert await consent.record(ws, stop) is False
    assert set((await states(ws, one)).values()) == {"withdrawn"}


async def test_unknown_handles_get_nothing(ws: Workspace) -> None:
    with pytest.raises(OptedOut) as refused:
        await consent.require(ws, Address("sms", "+12025559999"), "service")
    assert refused.value.code == "unknown_address"


SAID = ["granted", "withdrawn", "lifted", "blocked", "unblocked", "held", "released", "asked"]


@SLOW
@given(data=st.data())
async def test_facts_come_to_the_same_in_whatever_order_they_come(runtime: Runtime, data: st.DataObject) -> None:
    """And what is kept of them can be reckoned anew at any time."""
    ws = runtime.workspace(ids.new("ws"))
    one = await person(ws)
    senders = ["", "acc_one", "acc_two"]
    facts = [
        fact(
            one,
            data.draw(st.sampled_from(SAID)),
            minute,
            purposes=tuple(data.draw(st.sets(st.sampled_from(PURPOSES), min_size=1))),
            sender=data.draw(st.sampled_from(senders)),
            actor=data.draw(st.sampled_from(["contact", "mem_1"])),
        )
        for minute in data.draw(st.lists(st.integers(0, 9), min_size=1, max_size=7))
    ]
    for each in data.draw(st.permutations(facts)):
        await consent.record(ws, each)
    kept = await contacts.known(ws, one.address)
    assert kept is not None
    assert kept.consent == consent.standings_of(facts)
    await ws.db.addresses.update({"_id": f"{ws.id}/{one.address}"}, {"$set": {"consent": {}, "facts": 0}})
    assert await consent.derive(ws, one.address) == kept.consent
    rebuilt = await contacts.known(ws, one.address)
    assert rebuilt is not None
    assert rebuilt.consent == kept.consent
    for sender in senders:
        own = [f for f in facts if "marketing" in f.purposes and f.sender in ("", sender)]
        refused = consent.refusal(kept, "marketing", AT + timedelta(hours=1), sender)
        if refused is None:
            # Whatever was said: there is an agreement, and no stop by the person after it.
            agreed = [f for f in own if f.state == "granted"]
            assert agreed
            for slot in ("", sender):
                stops = [f.at for f in own if f.state in ("withdrawn", "blocked", "held") and f.sender == slot]
                ends = [f.at for f in own if f.state not in ("withdrawn", "blocked", "held", "asked")]
                assert not stops or max(stops) <= max(ends)
        else:
            assert refused[1]
        for purpose in ("service", "transactional"):
            about = [f for f in facts if purpose in f.purposes]
            if not any(f.state in ("withdrawn", "blocked", "held") for f in about):
                assert consent.refusal(kept, purpose, AT, sender) is None


@pytest.mark.parametrize(
    ("said", "state", "code"),
    [
        ((), "unknown", "no_consent"),
        (("granted",), "granted", None),
        (("granted", "withdrawn"), "withdrawn", "opted_out"),
        (("granted", "withdrawn", "lifted"), "granted", None),
        (("withdrawn", "lifted"), "unknown", "no_consent"),
        (("withdrawn", "granted"), "granted", None),
        (("withdrawn", "granted by a colleague"), "withdrawn", "opted_out"),
        (("granted", "held"), "held", "held"),
        (("granted", "held", "released"), "granted", None),
        (("granted", "held", "withdrawn", "released"), "withdrawn", "opted_out"),
        (("granted", "blocked", "lifted"), "blocked", "blocked"),
        (("granted", "withdrawn", "blocked", "unblocked"), "withdrawn", "opted_out"),
        (("asked",), "asked", "consent_unconfirmed"),
        (("asked", "granted"), "granted", None),
        (("granted until yesterday",), "expired", "consent_expired"),
    ],
)
async def test_what_is_said_and_what_follows(
    ws: Workspace, said: tuple[str, ...], state: str, code: str | None
) -> None:
    one = await person(ws)
    now = AT + timedelta(hours=1)
    for minute, each in enumerate(said):
        until = AT - timedelta(days=1) if "until" in each else now + timedelta(days=1) if each == "asked" else None
        actor = "mem_1" if "colleague" in each else "contact"
        about: Any = {"purposes": ("marketing",), "actor": actor, "expires_at": until}
        await consent.record(ws, fact(one, each.split()[0], minute, **about))
    known = await contacts.known(ws, one.address)
    assert known is not None
    assert standing.overall(known.consent, "marketing", now) == state
    refused = consent.refusal(known, "marketing", now)
    assert (refused[0] if refused else None) == code


async def test_each_sender_has_its_own_and_a_stop_at_one_counts_for_all_but_answers(ws: Workspace) -> None:
    one = await person(ws)
    await consent.record(ws, fact(one, "granted", purposes=("marketing",)))
    await consent.record(ws, fact(one, "withdrawn", 5, sender="acc_one"))

    async def refused(purpose: str, sender: str) -> str | None:
        known = await contacts.known(ws, one.address)
        assert known is not None
        found = consent.refusal(known, purpose, AT + timedelta(hours=1), sender)
        return found[0] if found else None

    assert await refused("marketing", "acc_one") == "opted_out"
    assert await refused("marketing", "acc_two") == "opted_out"
    assert await refused("service", "acc_one") == "opted_out"
    assert await refused("service", "acc_two") is None
    # They agree to the other one: that is theirs to do, and lifts nothing at the provider of the first.
    await consent.record(ws, fact(one, "granted", 7, purposes=("marketing",), sender="acc_two"))
    assert await refused("marketing", "acc_two") is None
    await consent.record(ws, fact(one, "granted", 8, purposes=("marketing",)))
    assert await refused("marketing", "acc_one") == "opted_out"
    await consent.record(ws, fact(one, "lifted", 9, sender="acc_one"))
    assert await refused("marketing", "acc_one") is None


async def test_what_is_voided_never_was(ws: Workspace) -> None:
    one = await person(ws)
    await consent.record(ws, fact(one, "granted"))
    await consent.record(ws, fact(one, "withdrawn", 1, evidence="mrg_1", purposes=("marketing",)))
    await consent.record(ws, fact(one, "withdrawn", 1, evidence="mrg_1", purposes=("service",)))
    await consent.void(ws, one.address, "marketing", "mrg_1", by="mem_1", source="merge")
    assert await states(ws, one) == {"service": "withdrawn", "transactional": "granted", "marketing": "granted"}
    assert len(await consent.history(ws, one.contact_id)) == 4


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
