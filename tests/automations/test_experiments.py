"""Chance that can be asked again, and arithmetic that a statistics library agrees with."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automations import experiments
from automations.plans import Experiment, Plan, Trial, Variant

GROUP = st.integers(1, 5_000).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of)))


@given(group=GROUP, confidence=st.sampled_from([0.8, 0.95, 0.99]))
def test_a_share_has_wilsons_interval(group: tuple[int, int], confidence: float) -> None:
    # Here, as everybody who collects this file would load it otherwise: a second of work.
    from scipy import stats

    hits, of = group
    ours = experiments.share(hits, of, confidence)
    theirs = stats.binomtest(hits, of).proportion_ci(confidence, method="wilson")
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-9)


@given(groups=st.lists(GROUP, min_size=2, max_size=8))
def test_whether_they_differ_at_all(groups: list[tuple[int, int]]) -> None:
    from scipy import stats

    hits, of = [each[0] for each in groups], [each[1] for each in groups]
    ours = experiments.chi_square(hits, of)
    if sum(hits) in (0, sum(of)):
        assert ours == 1.0
        return
    table = [hits, [n - h for h, n in groups]]
    assert ours == pytest.approx(stats.chi2_contingency(table, correction=False).pvalue, abs=1e-9)
    if len(groups) == 2:
        # The test of two shares is the same one.
        assert experiments.compare(hits[0], of[0], hits[1], of[1]) == pytest.approx(ours, abs=1e-9)


def test_the_interval_of_a_difference_is_newcombes() -> None:
    # Newcombe, Interval estimation for the difference between independent proportions (1998), table II, method 10.
    for (hits, of, other, other_of), (low, high) in {
        (56, 70, 48, 80): (0.0524, 0.3339),
        (9, 10, 3, 10): (0.1705, 0.8090),
        (5, 56, 0, 29): (-0.0381, 0.1926),
        (10, 10, 0, 10): (0.6075, 1.0),
    }.items():
        found = experiments.lift(hits, of, other, other_of)
        assert found is not None
        assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)
    assert experiments.lift(1, 2, 0, 0) is None


@given(groups=st.lists(GROUP, min_size=2, max_size=6), confidence=st.sampled_from([80, 95, 99]))
def test_only_a_sure_winner_wins(groups: list[tuple[int, int]], confidence: int) -> None:
    hits = {chr(97 + at): each[0] for at, each in enumerate(groups)}
    of = {chr(97 + at): each[1] for at, each in enumerate(groups)}
    found = experiments.verdict(Experiment(confidence=confidence), hits, of, {})
    if min(of.values()) < experiments.LEAST:
        assert found.state == "early"
        return
    assert found.best is not None
    assert hits[found.best] / of[found.best] == max(hits[key] / of[key] for key in of)
    if found.state == "winner":
        worse = [key for key in of if key != found.best]
        ps = [experiments.compare(hits[found.best], of[found.best], hits[key], of[key]) for key in worse]
        assert max(ps) < 1 - confidence / 100


def test_a_real_difference_is_seen_and_none_is_not_made_up() -> None:
    names = {"a": "Half price", "b": "Fifty percent"}
    sure = experiments.verdict(Experiment(), {"a": 60, "b": 120}, {"a": 1_000, "b": 1_000}, names)
    assert (sure.state, sure.best) == ("winner", "b")
    alike = experiments.verdict(Experiment(), {"a": 60, "b": 66}, {"a": 1_000, "b": 1_000}, names)
    assert (alike.state, alike.best) == ("none", "b")
    few = experiments.verdict(Experiment(), {"a": 0, "b": 29}, {"a": 29, "b": 29}, names)
    assert few.state == "early"


PLAN: dict[str, Any] = {
    "name": "Sale",
    "variants": tuple(Variant(key=key) for key in "abc"),
    "experiment": Experiment(sample_percent=30),
    "holdout_percent": 10,
}


def test_everybody_has_one_part_which_is_the_same_whenever_it_is_asked() -> None:
    plan = Plan(**PLAN, trial=Trial(percent=5))
    ids = [f"con_{at:032x}" for at in range(20_000)]
    parts = Counter(experiments.stage_of(plan, "bro_1", each, at) for at, each in enumerate(ids))
    assert parts == Counter(experiments.stage_of(plan, "bro_1", each, at) for at, each in enumerate(ids))
    assert sum(parts.values()) == len(ids)
    assert parts["trial"] == pytest.approx(1_000, rel=0.15)
    assert parts["sample"] == pytest.approx(0.3 * 19_000, rel=0.1)
    variants = Counter(experiments.variant_of(plan, "bro_1", each, "sample", None) for each in ids)
    assert all(number == pytest.approx(len(ids) / 3, rel=0.1) for number in variants.values())
    assert {experiments.variant_of(plan, "bro_1", each, "rest", "c") for each in ids[:100]} == {"c"}
    held = [each for each in ids if experiments.held_out(plan, "bro_1", each)]
    assert len(held) == pytest.approx(2_000, rel=0.1)
    # Another broadcast draws anew: nobody is left out for ever.
    assert held != [each for each in ids if experiments.held_out(plan, "bro_2", each)]
    first = Plan(**PLAN, trial=Trial(people=50))
    assert [experiments.stage_of(first, "bro_1", each, at) for at, each in enumerate(ids[:50])] == ["trial"] * 50


def test_more_clicks_than_messages_known_to_have_arrived_are_no_error() -> None:
    """Whose message got no answer may have clicked all the same."""
    found = experiments.share(3, 1)
    assert (found.hits, found.share, found.high) == (1, 1.0, 1.0)
    assert experiments.compare(3, 1, 0, 2) == experiments.compare(1, 1, 0, 2)
    assert experiments.chi_square([3, 0], [1, 2]) == experiments.chi_square([1, 0], [1, 2])
    raised = experiments.lift(3, 1, 0, 2)
    assert raised is not None
    assert raised.difference == 1.0
