"""Rules about members that no request reaches directly."""

import time

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core import members, passwords, presence, two_factor
from app.core.errors import Conflict, Invalid
from app.core.permissions import SYSTEM, Role
from app.core.presence import Presence
from app.core.runtime import Runtime
from tests.support.people import PASSWORD, email


async def test_a_workspace_begins_with_its_owner(runtime: Runtime) -> None:
    ws, owner = await members.create_workspace(
        runtime, name="Shop", owner_name="Olu", owner_email=email().upper(), password=PASSWORD
    )
    assert owner.role is Role.OWNER
    assert owner.email == owner.email.lower()
    assert await members.get(ws, owner.id) == owner
    assert PASSWORD not in repr(owner)
    assert owner.password_hash not in repr(owner)


async def test_one_email_is_one_member_of_a_workspace(runtime: Runtime) -> None:
    address = email()
    ws, _ = await members.create_workspace(
        runtime, name="Shop", owner_name="Olu", owner_email=address, password=PASSWORD
    )
    with pytest.raises(Conflict):
        await members.create(ws, SYSTEM, email=address, name="Ama", role=Role.AGENT, password=PASSWORD)
    await members.create_workspace(runtime, name="Second", owner_name="Olu", owner_email=address, password=PASSWORD)


async def test_names_are_tidied(runtime: Runtime) -> None:
    ws, owner = await members.create_workspace(
        runtime, name="Shop", owner_name=" Olu\x13 \t Adé\u200d ", owner_email=email(), password=PASSWORD
    )
    assert owner.name == "Olu Adé\u200d"
    with pytest.raises(Invalid):
        await members.create(ws, SYSTEM, email=email(), name=" \x00 ", role=Role.AGENT, password=PASSWORD)


async def test_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    cheap = await passwords.hash_of(PASSWORD)
    monkeypatch.setattr(passwords, "hasher", passwords.OWASP)
    assert passwords.is_outdated(cheap)
    assert await passwords.is_right(cheap, PASSWORD)
    hashed = await passwords.hash_of(PASSWORD)
    assert hashed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert await passwords.is_right(hashed, PASSWORD)
    assert not await passwords.is_right(hashed, PASSWORD + "!")
    assert not await passwords.is_right("", PASSWORD)
    assert not await passwords.is_right(hashed, "x" * 1_000_000)
    assert not passwords.is_outdated(hashed)
    for wrong in ("", "123456789", "x" * 201):
        with pytest.raises(Invalid):
            await passwords.hash_of(wrong)


def test_a_code_is_good_for_one_step_to_each_side() -> None:
    secret = two_factor.new_secret()
    now = 1_800_000_015.0
    step = int(now) // 30
    for off in range(-3, 4):
        code = pyotp.TOTP(secret).at(now + off * 30)
        expected = step + off if abs(off) <= 1 else None
        assert two_factor.matching_step(secret, f" {code[:3]} {code[3:]}", now) == expected


@given(st.text(max_size=20))
def test_any_text_as_a_code_is_just_wrong(text: str) -> None:
    secret = "A" * 32
    if not text.strip().isdigit():
        assert two_factor.matching_step(secret, text, time.time()) is None
    assert len(two_factor.recovery_hash(text)) == 64


def test_recovery_codes_are_read_as_people_write_them() -> None:
    codes = two_factor.new_recovery_codes()
    assert len(set(codes)) == 10
    for code in codes:
        assert two_factor.recovery_hash(code) == two_factor.recovery_hash(f" {code.replace('-', ' ').upper()} ")


async def test_presence_ends_by_itself(runtime: Runtime) -> None:
    ws = runtime.workspace("wsp_presence")
    assert await presence.of(ws, []) == {}
    await presence.set_presence(ws, "mem_1", Presence.AWAY)
    assert await presence.of(ws, ["mem_1", "mem_2"]) == {"mem_1": Presence.AWAY, "mem_2": Presence.OFFLINE}
    # A second screen of theirs is used; then it is closed, and the first one dies without a word.
    await presence.set_presence(ws, "mem_1", Presence.ONLINE, screen="two")
    assert await presence.of(ws, ["mem_1"]) == {"mem_1": Presence.ONLINE}
    await presence.set_presence(ws, "mem_1", Presence.OFFLINE, screen="two")
    assert await presence.of(ws, ["mem_1"]) == {"mem_1": Presence.AWAY}
    await presence.set_presence(ws, "mem_1", Presence.AWAY, seconds=0)
    assert await presence.of(ws, ["mem_1"]) == {"mem_1": Presence.OFFLINE}
