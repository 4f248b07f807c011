"""Contacts: one for each person, however many handles come at once and in whatever order."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core import ids
from app.core.addresses import Address
from app.core.errors import NotFound
from app.core.mongo import Document
from app.core.permissions import SYSTEM
from app.core.platform import contacts as contact_rows
from app.core.runtime import Workspace
from crm import contacts, profiles
from crm.contacts import Profile
from crm.store import contacts as store
from crm.store import evenly

PROFILE = Profile(name="Ana Kovacs")


def handles() -> tuple[Address, Address]:
    """The number and the business-scoped id of a person that nobody knows yet."""
    new = ids.new("x")
    return Address("whatsapp", f"+1{new[-10:]}"), Address("whatsapp", f"US.{new}")


async def test_many_at_once_make_one_contact(ws: Workspace) -> None:
    phone, _ = handles()
    found = await asyncio.gather(*(contacts.resolve(ws, phone, profile=PROFILE) for _ in range(20)))
    assert len({row.contact_id for row in found}) == 1
    assert len(await store.contacts_page(ws, after=None, limit=100)) == 1


@pytest.mark.parametrize("first", ["phone", "user_id"])
async def test_a_hidden_number_and_its_id_become_one_contact_in_either_order(ws: Workspace, first: str) -> None:
    phone, user_id = handles()
    alone = phone if first == "phone" else user_id
    before = await contacts.resolve(ws, alone, profile=PROFILE)
    both = await contacts.resolve(ws, phone, aliases=[user_id], profile=PROFILE)
    assert both.contact_id == before.contact_id
    for handle in (phone, user_id):
        assert (await contacts.resolve(ws, handle, profile=PROFILE)).contact_id == before.contact_id
    assert {row.address for row in await contacts.addresses_of(ws, before.contact_id)} == {phone, user_id}


async def test_both_orders_at_once_lose_no_handle(ws: Workspace) -> None:
    phone, user_id = handles()
    await asyncio.gather(
        *(contacts.resolve(ws, phone, aliases=[user_id], profile=PROFILE) for _ in range(8)),
        *(contacts.resolve(ws, user_id, profile=PROFILE) for _ in range(8)),
    )
    rows = await store.addresses(ws, [phone, user_id])
    assert len(rows) == 2
    again = [await contacts.resolve(ws, handle, profile=PROFILE) for handle in (phone, user_id)]
    assert {row.contact_id for row in again} == {row.contact_id for row in rows}


async def test_two_contacts_that_prove_to_be_one_stay_and_are_named_in_the_log(
    ws: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    phone, user_id = handles()
    first = await contacts.resolve(ws, phone, profile=PROFILE)
    second = await contacts.resolve(ws, user_id, profile=PROFILE)
    assert first.contact_id != second.contact_id
    both = await contacts.resolve(ws, phone, aliases=[user_id], profile=PROFILE)
    assert both.contact_id == first.contact_id
    assert (await contacts.resolve(ws, user_id, profile=PROFILE)).contact_id == second.contact_id
    said = capsys.readouterr()
    assert "one_person_is_two_contacts" in said.out + said.err


async def test_a_colleagues_name_is_kept_and_a_profile_name_follows(ws: Workspace) -> None:
    phone, _ = handles()
    contact_id = (await contacts.resolve(ws, phone, profile=Profile())).contact_id
    assert (await contacts.get(ws, contact_id)).name_source == "handle"
    assert (await contacts.learn_name(ws, contact_id, "Ana")) is not None
    await profiles.edit(ws, SYSTEM, contact_id, {"name": "Ana (VIP)"})
    assert await contacts.learn_name(ws, contact_id, "Ana K") is None
    assert (await contacts.get(ws, contact_id)).name == "Ana (VIP)"


async def test_a_new_number_keeps_the_contact_and_the_old_one_stays_linked(ws: Workspace) -> None:
    old, new = handles()
    before = await contacts.resolve(ws, old, profile=PROFILE)
    for _ in range(2):
        moved = await contacts.move_address(ws, old, new)
        assert moved is not None
        assert moved.contact_id == before.contact_id
    assert (await contacts.resolve(ws, old, profile=PROFILE)).contact_id == before.contact_id
    assert await contacts.move_address(ws, Address("whatsapp", "+19990000000"), new) is None


async def test_another_workspaces_contact_is_not_there(ws: Workspace) -> None:
    phone, _ = handles()
    found = await contacts.resolve(ws, phone, profile=PROFILE)
    other = ws.runtime.workspace("ws_other")
    assert await contacts.known(other, phone) is None
    with pytest.raises(NotFound):
        await contacts.get(other, found.contact_id)
    assert (await contacts.resolve(other, phone, profile=PROFILE)).contact_id != found.contact_id


@given(st.lists(st.text(max_size=200), max_size=6))
def test_search_tokens_are_bounded_and_found_again(texts: list[str]) -> None:
    found = contacts.search_tokens(*texts)
    assert len(found) <= 40
    assert all(0 < len(token) <= 60 for token in found)
    assert set(contacts.search_tokens(*[t.upper() for t in texts if t.isascii()])) == set(
        contacts.search_tokens(*[t for t in texts if t.isascii()])
    )


def _somebody(ws: Workspace, contact_id: str) -> contacts.Contact:
    return contacts.Contact(id=contact_id, name="Ana", name_source="member", avatar_hue=0, created_at=ws.clock.now())


async def test_pages_show_every_contact_once(ws: Workspace) -> None:
    for number in range(130):
        await contacts.resolve(ws, Address("whatsapp", f"1202555{number:04d}"), profile=Profile(name=f"Ana {number}"))
    seen: list[str] = []
    after: str | None = None
    while page := await store.contacts_page(ws, after=after, limit=20):
        seen += [contact.id for contact in page]
        after = seen[-1]
    assert len(seen) == 130
    assert seen == sorted(set(seen))


async def test_a_page_reads_little_more_than_it_shows_wherever_it_begins(ws: Workspace) -> None:
    made = [_somebody(ws, ids.derived("con", ws.id, str(number))) for number in range(2_000)]
    # Two that are no digests, close together between them.
    made += [_somebody(ws, ids.new("con")), _somebody(ws, ids.new("con"))]
    await store.insert_many(ws, [store.new_row(each, (), ()) for each in made])
    seen: list[str] = []
    read = 0

    def count(row: Document) -> bool:
        nonlocal read
        read += 1
        return True

    while page := await evenly.in_order(
        ws.db.contacts, store.IDS, {}, after=seen[-1] if seen else None, limit=20, fits=count
    ):
        seen += [row["_id"] for row in page]
        assert read <= 4 * 20
        read = 0
    assert seen == sorted(each.id for each in made)


async def test_an_audience_in_its_order_is_read_in_stretches_and_scattered_people_one_by_one(ws: Workspace) -> None:
    made = [_somebody(ws, ids.derived("con", ws.id, str(number))) for number in range(300)]
    await store.insert_many(ws, [store.new_row(each, (), ()) for each in made])
    ordered = sorted(each.id for each in made)
    for neighbours in (ordered[50:250], ordered[:40] + ordered[200:240]):
        rows, left = await evenly.close(ws.db.contacts, neighbours)
        assert {row["_id"] for row in rows} | {*left} == {*neighbours}
        # Somebody at an end may stand far from all others.
        assert len(left) < 12
    _, left = await evenly.close(ws.db.contacts, ordered[::10])
    assert left
    for wanted in (ordered[50:250], ordered[::10], ordered[:5], [*ordered[::7], ids.new("con"), ids.new("con")], []):
        assert (await contacts.get_close(ws, wanted)).keys() == {*wanted} & {*ordered}


NOTATIONS = [
    "+44 (0)20 7946 0958",
    "+442079460958",
    "0044 20 7946 0958",
    "020 7946 0958",
    "(020) 7946-0958",
    "7946 0958",
]


@pytest.mark.parametrize("written", NOTATIONS)
async def test_a_number_is_found_however_it_is_written(ws: Workspace, written: str) -> None:
    for value in ("+442079460958", "+442079460959", "+12025550958"):
        await contacts.resolve(ws, Address("sms", value), profile=Profile(name=value))
    digits = contacts.number_sought(written)
    assert digits is not None
    assert [found.name for found in await store.contacts_numbered(ws, digits, limit=5)] == ["+442079460958"]


@pytest.mark.parametrize("text", ["Ana", "44", "900 123", "2079460958 Ana", "ana@example.com", "() - ", "-" * 200])
def test_what_is_no_number_is_not_looked_for_as_one(text: str) -> None:
    assert contacts.number_sought(text) is None


async def test_search_reads_a_bounded_part_of_those_with_a_common_name(ws: Workspace) -> None:
    names = [f"Ana Kovacs{number:04d}" for number in range(600)] + ["Ana Mensah-Beauregard", "Zoe Ama Mensah"]
    rows = []
    for name in names:
        tokens = contacts.search_tokens(name)
        contact_id = ids.derived("con", ws.id, name)
        made = {"name": name, "name_source": "profile", "avatar_hue": 1, "created_at": ws.clock.now()}
        rows.append({"_id": contact_id, **made, "tokens": tokens, "prefixes": evenly.prefixes_of(tokens)})
    await ws.db.contacts.insert_new(rows)

    async def found(text: str, limit: int = 20) -> list[str]:
        return sorted(c.name for c in await store.contacts_named(ws, contacts.search_tokens(text), limit=limit))

    assert len(await found("a")) == 20
    assert len(await found("ana", limit=1_000)) == 601
    assert await found("ana mens") == ["Ana Mensah-Beauregard"]
    assert await found("mensah") == ["Ana Mensah-Beauregard", "Zoe Ama Mensah"]
    # Longer than what is indexed: compared.
    assert await found("kovacs0123") == ["Ana Kovacs0123"]
    assert await found("beauregard ana") == ["Ana Mensah-Beauregard"]
    assert await found("beauregart") == []
    # Rows of before get what they are found by.
    await ws.runtime.mongo.contacts.update_many({"workspace_id": ws.id}, {"$unset": {"prefixes": ""}})
    assert await found("mensah") == []
    await contact_rows.add_prefixes(ws.runtime.mongo)
    assert await found("mensah") == ["Ana Mensah-Beauregard", "Zoe Ama Mensah"]
