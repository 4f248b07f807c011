"""
Who is in which part of a broadcast, and what the parts come to: chance that can be asked again, and arithmetic.

A person's part derives from the broadcast's id and theirs, so that it is the same however often it is reckoned, and is
spread evenly. The arithmetic is the textbooks': a chi-square test whether variants differ at all, two-proportion tests
of the best against each other one (Holm's correction for their number), Wilson's interval for a share, Newcombe's for a
difference of two. tests/automations/test_experiments.py holds it against statsmodels.
"""

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final, Literal

from automations.plans import Experiment, Plan

Stage = Literal["trial", "sample", "rest"]
# Under so many in each part nothing is said: the normal approximation would be a guess.
LEAST: Final = 30
_NORMAL: Final = NormalDist()


def draw(broadcast_id: str, contact_id: str, what: str) -> float:
    """From 0 to 1, evenly spread, and always the same."""
    digest = hashlib.blake2b(f"{broadcast_id}/{what}/{contact_id}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64


def stages(plan: Plan) -> tuple[Stage, ...]:
    """What goes out one after another."""
    found: list[Stage] = ["trial"] if plan.trial else []
    if plan.experiment:
        found.append("sample")
    return (*found, "rest")


def stage_of(plan: Plan, broadcast_id: str, contact_id: str, position: int) -> Stage:
    """`position` is the person's place in the audience, from 0 on."""
    trial = plan.trial
    if trial is not None and trial.people is not None and position < trial.people:
        return "trial"
    if (
        trial is not None
        and trial.percent is not None
        and draw(broadcast_id, contact_id, "trial") < trial.percent / 100
    ):
        return "trial"
    if plan.experiment and draw(broadcast_id, contact_id, "sample") < plan.experiment.sample_percent / 100:
        return "sample"
    return "rest"


def held_out(plan: Plan, broadcast_id: str, contact_id: str) -> bool:
    """Whether they get nothing, so that its effect can be measured against them."""
    return draw(broadcast_id, contact_id, "holdout") < plan.holdout_percent / 100


def variant_of(plan: Plan, broadcast_id: str, contact_id: str, stage: Stage, winner: str | None) -> str:
    """An even share of the variants; where one has won, that one for the rest."""
    if stage == "rest" and plan.experiment and winner:
        return winner
    keys = [variant.key for variant in plan.variants]
    return keys[min(int(draw(broadcast_id, contact_id, "variant") * len(keys)), len(keys) - 1)]


# --- arithmetic ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Share:
    """`hits` of `of`, as a share with its confidence interval; all from 0 to 1."""

    hits: int
    of: int
    share: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Lift:
    """How much larger the share of one group is than that of another, and between what; `p` as in `compare`."""

    difference: float
    low: float
    high: float
    p: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """
    `early`: too few, or still waiting. `none`: no variant is surely better. `winner`: the best one is. `p` is the
    chance of such a difference if all were alike.
    """

    state: Literal["early", "none", "winner"]
    best: str | None
    p: float | None
    words: str


def share(hits: int, of: int, confidence: float = 0.95) -> Share:
    """Wilson's interval, which holds for few and for rare hits too."""
    if of <= 0:
        return Share(hits, of, 0.0, 0.0, 1.0)
    # Of whom it is not known yet that they have it, some may have clicked.
    hits = min(hits, of)
    z = _NORMAL.inv_cdf(0.5 + confidence / 2)
    p, shrink = hits / of, 1 + z * z / of
    middle = (p + z * z / (2 * of)) / shrink
    margin = z * math.sqrt(p * (1 - p) / of + z * z / (4 * of * of)) / shrink
    return Share(hits, of, p, max(0.0, middle - margin), min(1.0, middle + margin))


def compare(hits: int, of: int, other_hits: int, other_of: int) -> float:
    """The two-sided p of a pooled two-proportion z-test; 1 where there is nothing to compare."""
    if of <= 0 or other_of <= 0:
        return 1.0
    hits, other_hits = min(hits, of), min(other_hits, other_of)
    pooled = (hits + other_hits) / (of + other_of)
    spread = math.sqrt(pooled * (1 - pooled) * (1 / of + 1 / other_of))
    if spread == 0:
        return 1.0
    return 2 * (1 - _NORMAL.cdf(abs(hits / of - other_hits / other_of) / spread))


def lift(hits: int, of: int, held_hits: int, held_of: int, confidence: float = 0.95) -> Lift | None:
    """Newcombe's interval of the difference, from Wilson's of each; None where one of the groups is empty."""
    if of <= 0 or held_of <= 0:
        return None
    one, other = share(hits, of, confidence), share(held_hits, held_of, confidence)
    difference = one.share - other.share
    low = difference - math.hypot(one.share - one.low, other.high - other.share)
    high = difference + math.hypot(one.high - one.share, other.share - other.low)
    return Lift(difference, low, high, compare(hits, of, held_hits, held_of))


def chi_square(hits: Sequence[int], of: Sequence[int]) -> float:
    """The p of Pearson's test that all have the same share; 1 where there is nothing to tell apart."""
    hits = [min(each) for each in zip(hits, of, strict=True)]
    total, all_hits = sum(of), sum(hits)
    if len(of) < 2 or min(of) <= 0 or all_hits in (0, total):
        return 1.0
    rate = all_hits / total
    statistic = sum((h - n * rate) ** 2 / (n * rate * (1 - rate)) for h, n in zip(hits, of, strict=True))
    return _chi_square_tail(statistic, len(of) - 1)


def _chi_square_tail(statistic: float, freedom: int) -> float:
    """The chance of more than this: a closed form for whole degrees of freedom."""
    half = statistic / 2
    if freedom % 2 == 0:
        term = total = math.exp(-half)
        for k in range(1, freedom // 2):
            term *= half / k
            total += term
        return min(1.0, total)
    total = math.erfc(math.sqrt(half))
    term = math.exp(-half) * math.sqrt(half) / math.gamma(1.5)
    for k in range(1, (freedom + 1) // 2):
        total += term
        term *= half / (k + 0.5)
    return min(1.0, total)


def verdict(
    experiment: Experiment, hits: Mapping[str, int], of: Mapping[str, int], names: Mapping[str, str]
) -> Verdict:
    """
    Which variant has won. It has where the variants differ at all (chi-square) and the best is surely better than each
    other one, at the confidence that was settled before: no peeking changes it, since it is asked once, at the end.
    """
    keys = list(of)
    if len(keys) < 2 or any(of[key] < LEAST for key in keys):
        return Verdict("early", None, None, f"Each variant needs at least {LEAST} people before anything can be said.")
    best = max(keys, key=lambda key: (hits[key] / of[key], -keys.index(key)))
    alpha = 1 - experiment.confidence / 100
    overall = chi_square([hits[key] for key in keys], [of[key] for key in keys])
    others = sorted(compare(hits[best], of[best], hits[key], of[key]) for key in keys if key != best)
    # Holm: the smallest p against alpha / number of comparisons, the next against one less.
    sure = overall < alpha and all(p < alpha / (len(others) - at) for at, p in enumerate(others))
    p = max(overall, others[-1])
    share_of = f"{100 * hits[best] / of[best]:.1f} % {experiment.metric}"
    name = names.get(best) or best.upper()
    if sure:
        return Verdict(
            "winner", best, p, f"“{name}” does best with {share_of}; chance alone explains it at p = {p:.3f}."
        )
    return Verdict(
        "none",
        best,
        p,
        f"No variant is surely better at {experiment.confidence} %: “{name}” has {share_of}, p = {p:.3f}.",
    )
