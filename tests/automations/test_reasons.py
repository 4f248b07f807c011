"""Why somebody got nothing: for each code there is, a sentence that names the cause and what can be done."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from automations import reasons, results
from channels import errors
from inbox.mailings.mailing import Outcome, Stand


def _kinds(of: type[errors.SendError]) -> Iterator[type[errors.SendError]]:
    yield of
    for each in of.__subclasses__():
        yield from _kinds(each)


# Whatever a refusal by a provider ends in.
STATES: tuple[Stand, ...] = ("skipped", "failed")
FAILED = sorted({kind.code for kind in _kinds(errors.SendError) if "code" in vars(kind)})


def outcome(state: Stand, code: str | None, words: str | None) -> Outcome:
    at = datetime(2026, 11, 3, 9, 0, tzinfo=UTC)
    return Outcome(
        ref="m.0.0",
        contact_id="con_1",
        address="sms:+12025550100",
        account_id="acc_1",
        variant="a",
        language="",
        state=state,
        code=code,
        reason=words,
        times={"sent": at} if state == "failed" else {},
    )


@pytest.mark.parametrize("code", sorted({*reasons.REASONS, *reasons._PROVIDERS, *FAILED, "63016"}))
def test_cause_and_fix(code: str) -> None:
    known = reasons.of(code)
    assert known.label
    assert known.fix.endswith(".")
    for state in STATES:
        for words in (None, "The words of whoever refused"):
            said = results._said(outcome(state, code, words)).sentence
            assert said.startswith("They did not get it: ")
            assert (words or known.label)[1:] in said
            assert ("To reach them: " in said) != ("Nothing can be done: " in said)
            assert said.endswith(known.fix.removeprefix("Nothing: ")[1:])
            assert ".." not in said


def test_every_refusal_of_a_provider_has_a_reason_of_its_own() -> None:
    assert [code for code in FAILED if code not in reasons.REASONS] == []
