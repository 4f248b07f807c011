"""Whom a conversation is given to: what must hold for every team and every desk."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from inbox.routing.strategies import Ask, Desk, choose
from inbox.routing.teams import Team

AT = datetime(2026, 11, 22, 9, tzinfo=UTC)
SKILLS = ["refunds", "french", "vip"]

desks = st.lists(
    st.builds(
        Desk,
        agent_id=st.sampled_from([f"mem_{n}" for n in range(6)]),
        online=st.booleans(),
        load=st.integers(0, 6).map(float),
        held=st.integers(0, 6),
        capacity=st.integers(0, 6).map(float),
        skills=st.frozensets(st.sampled_from(SKILLS)),
        languages=st.frozensets(st.sampled_from(["en", "fr"])),
        last_assigned_at=st.none() | st.integers(0, 500).map(lambda s: AT + timedelta(seconds=s)),
    ),
    unique_by=lambda desk: desk.agent_id,
    max_size=6,
)
teams = st.builds(
    Team,
    id=st.just("tea_1"),
    name=st.just("Support"),
    strategy=st.sampled_from(["round_robin", "least_busy"]),
    sticky=st.booleans(),
    by_language=st.booleans(),
)
asks = st.builds(
    Ask,
    weight=st.sampled_from([0.5, 1.0, 2.0, 9.0]),
    skills=st.frozensets(st.sampled_from(SKILLS)),
    language=st.sampled_from([None, "fr", "fr-CA", "de"]),
    last_agent_id=st.none() | st.sampled_from([f"mem_{n}" for n in range(6)]),
)


@given(teams, asks, desks)
def test_only_who_is_there_with_room_and_skill_gets_it(team: Team, ask: Ask, desks: list[Desk]) -> None:
    by_id = {desk.agent_id: desk for desk in desks}
    known = frozenset().union(*(desk.skills for desk in desks))
    spoken = team.by_language and ask.language == "fr" and any("fr" in desk.languages for desk in desks)
    able = {
        desk.agent_id
        for desk in desks
        if desk.online
        and desk.load + min(ask.weight, desk.capacity) <= desk.capacity
        and desk.capacity > 0
        and ask.skills & known <= desk.skills
        and (not spoken or "fr" in desk.languages)
    }
    chosen = choose(team, ask, desks)
    if chosen is None:
        # Everybody who can get it does, sooner or later: it waits only if nobody can.
        assert not able or (team.by_language and ask.language == "fr-CA")
        return
    assert chosen in able
    given_ = by_id[chosen].given(ask.weight, AT)
    assert given_.load <= given_.capacity
    if team.sticky and ask.last_agent_id in able and ask.language != "fr-CA":
        assert chosen == ask.last_agent_id
    elif team.strategy == "least_busy" and ask.language != "fr-CA":
        assert by_id[chosen].held == min(by_id[each].held for each in able)


def test_turns_go_round() -> None:
    team = Team(id="tea_1", name="Support", strategy="round_robin", sticky=False)
    found = {n: Desk(agent_id=n, online=True, capacity=9.0) for n in ("a", "b", "c")}
    order = []
    for second in range(6):
        chosen = choose(team, Ask(), list(found.values()))
        assert chosen is not None
        order.append(chosen)
        found[chosen] = found[chosen].given(1.0, AT + timedelta(seconds=second))
    assert order == ["a", "b", "c", "a", "b", "c"]


def test_the_longest_without_one_is_first_among_the_least_busy() -> None:
    team = Team(id="tea_1", name="Support", strategy="least_busy", sticky=False)
    busy = Desk(agent_id="a", online=True, capacity=9.0, held=2, load=2.0)
    recent = Desk(agent_id="b", online=True, capacity=9.0, held=1, load=1.0, last_assigned_at=AT)
    rested = Desk(agent_id="c", online=True, capacity=9.0, held=1, load=1.0, last_assigned_at=AT - timedelta(hours=1))
    assert choose(team, Ask(), [busy, recent, rested]) == "c"
