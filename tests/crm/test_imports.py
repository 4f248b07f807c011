"""Tables of people: looked at, tried out, imported once however often, and exported safely."""

import asyncio
import csv
import io
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.addresses import Address
from app.core.errors import OptedOut
from app.core.runtime import Workspace
from crm import consent, contacts, imports, rows, tables
from crm.contacts import Profile
from crm.fields import Fields
from crm.store import contacts as store
from tests.support.killed import killed
from tests.support.people import People, Person
from tests.support.shop import Shop, eventually

HEADER = "Full name;Mobile;E-Mail;Company;Lifecycle stage;Points;Opt-in date\r\n"
PEOPLE = (
    "Ödön Kovács;+1 202-555-0111;odon@example.com;Adinkra Textiles;Lead;12;2026-01-05\r\n"
    '"Mensah, Ama";(202) 555-0112;;Adinkra Textiles;;;\r\n'
    "No Number;;;;;;\r\n"
    "Bad Stage;+12025550114;;;Boss;;\r\n"
    '"Two\r\nlines";+12025550115;two@example.com;;;7;\r\n'
    "Known Person;+12025550116;;;;9;2026-02-01\r\n"
    "Ödön Again;+12025550111;;;;99;\r\n"
)
CONSENT = {"source": "Fair in Accra", "wording": "Yes, send me offers"}


async def upload(person: Person, text: bytes, expected: int = 201) -> dict[str, Any]:
    answer = await person.client.post(
        "/api/v1/import-files", params={"name": "people.csv"}, content=text, headers={"content-type": "text/csv"}
    )
    assert answer.status_code == expected, answer.text
    made: dict[str, Any] = answer.json()
    return (await person.client.get(f"/api/v1/imports/{made['id']}")).json() if expected == 201 else made


async def carried(person: Person, made: dict[str, Any], what: str, options: dict[str, Any]) -> dict[str, Any]:
    path = f"/api/v1/imports/{made['id']}"
    begun = await person.client.post(f"{path}/{what}", json=options)
    assert begun.status_code == 202, begun.text

    async def look() -> dict[str, Any] | None:
        now: dict[str, Any] = (await person.client.get(path)).json()
        return now if now["state"] in ("checked", "done", "failed") else None

    return await eventually(look)


def counts(now: dict[str, Any]) -> tuple[int, ...]:
    return tuple(now[name] for name in ("created", "updated", "unchanged", "refused"))


async def results(person: Person, import_id: str) -> list[dict[str, str]]:
    answer = await person.client.get(f"/api/v1/imports/{import_id}/results")
    assert answer.headers["content-type"].startswith("text/csv")
    return list(csv.DictReader(io.StringIO(answer.text)))


WRITTEN = [
    ("cp1252", "Muñoz;Peña;Ibáñez"),
    ("cp1252", "João;Conceição;Simões"),
    ("cp1252", "Bjørn;Håkon;Søren"),
    ("cp1252", "François;Hélène;Benoît"),
    ("cp1252", "Müller;Straße;Bob"),
    ("cp1252", "Muñoz;João;Müller"),
    ("cp1252", "Café – Bar;O’Neil;Zoë"),
    ("cp1250", "Łukasz;Wiśniewski;Bob"),
    ("cp1250", "Dvořák;Čapek;Nováková"),
    ("cp1250", "Szőke;Erdős;Bükkös"),
    ("cp1251", "Иван;Мария;Пётр"),
    ("cp1253", "Γιώργος;Μαρία;Νίκος"),
    ("cp1254", "Şahin;Yıldız;Güneş"),
    ("cp1255", "דוד;שרה;משה"),
    ("cp1256", "محمد;فاطمة;أحمد"),
    ("shift_jis", "田中;さくら;鈴木"),
    ("gb18030", "王伟;李娜;周杰"),
    ("big5", "陳大文;林美玲;黃志明"),
    ("euc_kr", "김민준;이서연;박지훈"),
    ("utf-8-sig", "Ödön;Ünal;Åse"),
    ("utf-16", "Ödön;Ünal;Åse"),
]


@pytest.mark.parametrize("times", [1, 40])
@pytest.mark.parametrize(("encoding", "names"), WRITTEN)
def test_names_read_as_a_spreadsheet_wrote_them(encoding: str, names: str, times: int) -> None:
    """In columns of names nearly every letter is ASCII: which encoding it is must not hang on the few that are not."""
    rows = [[name, f"person{at}@example.com", "Springfield"] for at, name in enumerate(names.split(";") * times)]
    table = "\r\n".join(";".join(row) for row in [["Name", "E-mail", "City"], *rows])
    shape = tables.shape_of(table.encode(encoding))
    assert [list(row) for row in shape.rows] == rows[: tables.SHOWN_ROWS]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("size", [1, 7, 1_000])
async def test_rows_have_the_lines_of_the_file_and_excels_word_on_the_delimiter_is_none(
    encoding: str, size: int
) -> None:
    text = 'sep=;\r\nName;Phone\r\n\r\n"Two\r\nlines";1\r\n;\r\nZoë;"2;3"'
    written = text.encode(encoding)
    shape = tables.shape_of(written)
    assert (shape.delimiter, shape.header, shape.rows[0]) == (";", ("Name", "Phone"), ("Two\r\nlines", "1"))

    async def pieces() -> AsyncIterator[bytes]:
        for first in range(0, len(written), size):
            yield written[first : first + size]

    found = [each async for each in tables.rows_of(pieces(), shape)]
    assert found == [(4, ["Two\r\nlines", "1"]), (7, ["Zoë", "2;3"])]
    # A column may be called that.
    assert tables.shape_of(b"sep=;Name\r\n1;2\r\n").header == ("sep=", "Name")


async def test_a_table_is_tried_out_imported_once_and_exported(shop: Shop) -> None:
    owner, ws = shop.owner, shop.owner.ws
    now = (await owner.client.get("/api/v1/contact-fields")).json()
    points = {"key": "points", "label": "Points", "kind": "number"}
    await owner.client.put("/api/v1/contact-fields", json={**now, "fields": [points], "region": "US"})
    known = await contacts.resolve(ws, Address("sms", "+12025550116"), profile=Profile(name="Kofi"))
    guests = (await owner.client.post("/api/v1/contact-lists", json={"name": "Guests"})).json()["id"]

    made = await upload(owner, (HEADER + PEOPLE).encode("cp1252"))
    assert (made["delimiter"], made["header"][0], made["rows"][0][0]) == (";", "Full name", "Ödön Kovács")
    assert made["suggested"] == ["name", "phone", "email", "company", "stage", "fields.points", "consent_at"]
    options = {"mapping": made["suggested"], "list_id": guests}
    refused = await owner.client.post(f"/api/v1/imports/{made['id']}/start", json=options)
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "consent")
    options |= {"consent": CONSENT}
    tried = await carried(owner, made, "check", options)
    assert (tried["state"], counts(tried)) == ("checked", (3, 1, 1, 2))
    assert {problem["row"]: problem["reason"] for problem in tried["problems"]} == {
        4: "There is neither a phone number nor an e-mail address nor an id.",
        5: "There is no stage “Boss”.",
    }
    assert (await owner.client.get("/api/v1/contacts", params={"list": guests})).json()["items"] == []

    done = await carried(owner, made, "start", options)
    assert (done["state"], counts(done), done["share"]) == ("done", (3, 1, 1, 2), 1.0)
    listed = (await owner.client.get("/api/v1/contacts", params={"list": guests, "sort": "name"})).json()["items"]
    assert [each["name"] for each in listed] == ["Kofi", "Mensah, Ama", "Ödön Kovács", "Two\r\nlines"]
    odon = await contacts.known(ws, Address("sms", "+12025550111"))
    assert odon is not None
    person = await contacts.get(ws, odon.contact_id)
    assert (person.stage, person.fields, person.origin) == ("lead", {"points": 12}, f"{made['id']}/2")
    assert {str(row.address) for row in await contacts.addresses_of(ws, person.id)} == {
        "sms:+12025550111",
        "email:odon@example.com",
    }
    # Who has no date has not agreed; who has, with the words that they saw.
    assert (await consent.require(ws, Address("sms", "+12025550111"), "marketing")).contact_id == person.id
    facts = await consent.history(ws, person.id)
    assert {(fact.source, fact.wording, fact.proof["source"]) for fact in facts} == {
        ("import", CONSENT["wording"], CONSENT["source"])
    }
    ama = await contacts.known(ws, Address("sms", "+12025550112"))
    assert ama is not None
    assert not ama.consent
    kofi = await contacts.get(ws, known.contact_id)
    assert (kofi.name, kofi.fields) == ("Kofi", {"points": 9})
    told = await results(owner, made["id"])
    assert [each["result"] for each in told] == [
        *("created", "created", "refused", "refused", "created", "updated", "unchanged")
    ]
    assert told[3]["Full name"] == "Bad Stage"
    assert told[5]["contact_id"] == kofi.id

    # Once more: nothing changes.
    before = sorted([(each.id, each.revision) for each in await store.contacts_page(ws, after=None, limit=100)])
    again = await carried(owner, await upload(owner, (HEADER + PEOPLE).encode("cp1252")), "start", options)
    assert counts(again) == (0, 0, 5, 2)
    assert sorted([(e.id, e.revision) for e in await store.contacts_page(ws, after=None, limit=100)]) == before
    assert len(await consent.history(ws, person.id)) == len(facts)

    # Told by another table that they agreed: kept as evidence, and nobody is gained twice.
    other = options | {"consent": {**CONSENT, "source": "Fair in Kumasi"}}
    await carried(owner, await upload(owner, (HEADER + PEOPLE).encode("cp1252")), "start", other)
    assert len(await consent.history(ws, person.id)) > len(facts)
    growth = (await owner.client.get("/api/v1/consents/growth")).json()
    assert {(each["channel"], each["source"]): each["gained"] for each in growth["by"]} == {
        ("sms", "import"): 2,
        ("email", "import"): 1,
    }

    await _exported(shop, guests)
    actions = [item["action"] for item in (await owner.client.get("/api/v1/audit")).json()["items"]]
    assert {"contacts.import_started", "contacts.imported", "contacts.exported", "export.downloaded"} <= set(actions)


async def _exported(shop: Shop, guests: str) -> None:
    owner = shop.owner
    evil = await contacts.resolve(
        owner.ws, Address("email", "eve@example.com"), profile=Profile(name="=cmd|' /C calc'!A0")
    )
    await owner.client.post(f"/api/v1/contacts/{evil.contact_id}/lists", json={"add": [guests]})
    begun = await owner.client.post("/api/v1/exports", json={"filter": {"list_id": guests}, "label": "Guests"})
    assert begun.status_code == 202

    async def look() -> str | None:
        answer = await owner.client.get(f"/api/v1/exports/{begun.json()['id']}/file")
        return answer.text if answer.status_code == 200 else None

    table = list(csv.DictReader(io.StringIO(await eventually(look))))
    named = {row["name"]: row for row in table}
    assert len(table) == 5
    assert (named["Ödön Kovács"]["company"], named["Ödön Kovács"]["Points"]) == ("Adinkra Textiles", "12")
    assert named["Ödön Kovács"]["phone"] == "'+12025550111"
    assert named["Ödön Kovács"]["marketing_consent"] == "sms: granted; email: granted"
    assert "'=cmd|' /C calc'!A0" in named


async def test_what_was_exported_changes_nothing_when_it_is_imported(shop: Shop) -> None:
    owner, ws = shop.owner, shop.owner.ws
    for tag in ("Regular", "Wax, silk; linen"):
        assert (await owner.client.post("/api/v1/tags", json={"name": tag, "colour": "blue"})).status_code == 201
    tags = '"Regular; ""Wax, silk; linen"""'
    people = f"Efua,+12025550201,efua@example.com,Adinkra,{tags},en\n,+12025550202,,,,\n"
    made = await upload(owner, f"name,phone,email,company,tags,language\n{people}".encode())
    own = (await owner.client.post("/api/v1/contact-lists", json={"name": "Round"})).json()["id"]
    done = await carried(owner, made, "start", {"mapping": made["suggested"], "list_id": own})
    assert counts(done) == (2, 0, 0, 0)
    begun = await owner.client.post("/api/v1/exports", json={"filter": {"list_id": own}, "label": "Round"})

    async def look() -> bytes | None:
        answer = await owner.client.get(f"/api/v1/exports/{begun.json()['id']}/file")
        return answer.content if answer.status_code == 200 else None

    exported = await eventually(look)
    rows_out = list(csv.DictReader(io.StringIO(exported.decode())))
    assert sorted((row["name"], row["tags"], row["lists"]) for row in rows_out) == [
        ("", "", "Round"),
        ("Efua", 'Regular; "Wax, silk; linen"', "Round"),
    ]
    before = sorted([(each.id, each.revision) for each in await store.contacts_page(ws, after=None, limit=1_000)])
    for rule in ("fill", "overwrite"):
        again = await upload(owner, exported)
        done = await carried(owner, again, "start", {"mapping": again["suggested"], "rule": rule})
        assert counts(done) == (0, 0, 2, 0), (rule, again["suggested"])
    assert sorted([(e.id, e.revision) for e in await store.contacts_page(ws, after=None, limit=1_000)]) == before


IMPORTS = """
from crm import imports

async def work(ws, told, killer):
    imports.BATCH = 10
    killer.after(told["commands"])
    while True:
        # Until the one before it, which died, has let go.
        await imports.run_one(ws, told["import_id"])
        await asyncio.sleep(0.2)
"""


async def test_a_killed_import_goes_on_where_it_was(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """With SIGKILL, between any two commands: nobody twice, nobody missed, and every row has its result."""
    owner, ws = shop.owner, shop.owner.ws
    # Nobody but the ones that die begins it, until it is its turn.
    monkeypatch.setattr(imports, "_enqueue", _nothing)
    monkeypatch.setattr(imports, "BATCH", 10)
    table = "name,phone\n" + "".join(f"Person {n},+1202557{n:04d}\n" for n in range(45))
    made = await upload(owner, table.encode())
    options = {"mapping": ["name", "phone"], "channels": ["sms"]}
    begun = await owner.client.post(f"/api/v1/imports/{made['id']}/start", json=options)
    assert begun.status_code == 202
    for commands in (9, 17):
        await killed(shop, IMPORTS, import_id=made["id"], commands=commands)

    async def over() -> Any:
        # What the dead one held ends within two seconds.
        await imports.run_one(ws, made["id"])
        now = await imports.get(ws, made["id"])
        return now if now.state == "done" else None

    done = await eventually(over)
    assert (done.created, done.unchanged, done.refused) == (45, 0, 0)
    assert [row["result"] for row in await results(owner, made["id"])] == ["created"] * 45
    found = (await owner.client.get("/api/v1/contacts", params={"q": "+12025570044", "limit": 10})).json()["items"]
    assert [each["name"] for each in found] == ["Person 44"]


async def test_of_two_rows_about_one_person_the_last_has_the_word(shop: Shop) -> None:
    owner = shop.owner
    for name in ("Trade fair", "Wholesale"):
        assert (await owner.client.post("/api/v1/tags", json={"name": name, "colour": "blue"})).status_code == 201
    rows = "Ann A,+12025550191,en,trade fair\nBob,+12025550192,en,\nAnn B,+12025550191,fr,Wholesale; Trade Fair\n"
    table = ("name,phone,language,labels\n" + rows).encode()
    options = {"mapping": ["name", "phone", "language", "tags"], "rule": "overwrite"}
    made = await upload(owner, table)
    assert made["suggested"] == options["mapping"]
    first = await carried(owner, made, "start", options)
    assert counts(first) == (2, 1, 0, 0)
    # The same table once more changes nothing, neither the last word nor anything else.
    for _ in range(2):
        again = await carried(owner, await upload(owner, table), "start", options)
        assert counts(again) == (0, 0, 3, 0)
    (ann,) = (await owner.client.get("/api/v1/contacts", params={"q": "+12025550191"})).json()["items"]
    assert (ann["name"], ann["language"], len(ann["tags"])) == ("Ann B", "fr", 2)
    # A tag that nobody has made is said, and the row is mended.
    wrong = await carried(owner, await upload(owner, table.replace(b"Wholesale", b"Retail")), "start", options)
    assert counts(wrong) == (0, 1, 1, 1)
    assert wrong["problems"][0]["reason"] == "There is no tag “Retail”."


async def _nothing(*arguments: Any) -> None:
    return


async def test_tables_are_for_those_who_see_everybody(owner: Person, people: People, ws: Workspace) -> None:
    made = await upload(owner, b"name,phone\nAna,+12025550123\n")
    body = {"name": "Half", "permissions": ["contacts.read", "contacts.write"], "masks": ["phones"]}
    role = (await owner.client.post("/api/v1/roles", json=body)).json()["id"]
    masked = await people.join(ws, role)
    await upload(masked, b"name,phone\nAna,+12025550123\n", 403)
    for path in ("/imports", f"/imports/{made['id']}", f"/imports/{made['id']}/results", "/exports"):
        assert (await masked.client.get(f"/api/v1{path}")).status_code == 403, path
    assert (await masked.client.post("/api/v1/exports", json={})).status_code == 403
    _, stranger = await people.workspace("Other")
    assert (await stranger.client.get(f"/api/v1/imports/{made['id']}/results")).status_code == 404
    for nothing in (b"", b"\x00\x01\x02", b"name,phone\n", b"\xff\xd8\xff\xe0" * 40):
        await upload(owner, nothing, 422)


@given(
    st.lists(
        st.lists(st.text(st.characters(exclude_categories=("Cs",)), max_size=30), min_size=2, max_size=5), max_size=5
    )
)
def test_what_is_written_is_read_again(given_rows: list[list[str]]) -> None:
    for row in given_rows:
        for cell in row:
            assert not tables.safe(cell).startswith(("=", "+", "-", "@", "\t", "\r"))
            assert tables.plain(tables.safe(cell.strip())) in (cell.strip(), cell.strip().removeprefix("'"))


def test_columns_are_guessed_once_each() -> None:
    header = ["First Name", "Surname", "Cell", "WhatsApp", "e-mail address", "Org", "Phone"]
    found = rows.suggested(Fields(), header)
    assert found[:4] == ["first_name", "last_name", "phone", ""]
    assert found.count("phone") == 1


async def test_a_spreadsheet_of_another_country(shop: Shop) -> None:
    """Its words for columns, its way to write a day, and what it makes of a long number."""
    table = (
        "Vorname;Nachname;Mobilnummer;Sprache;Kundennr;Agreed on\r\n"
        "Jürgen;Groß;+49 151 23456781;de;1001;01.10.2026\r\n"
        ";;;;;\r\n"
        "Ute;Weiß;4,91512E+12;de;1002;2026-10-01\r\n"
        "Ida;Roth;+4915123456782;de;1003;31.02.2026\r\n"
    )
    made = await upload(shop.owner, table.encode("cp1252"))
    assert made["suggested"][:5] == ["first_name", "last_name", "phone", "language", "external_id"]
    options = {"mapping": [*made["suggested"][:5], "consent_at"], "consent": CONSENT}
    done = await carried(shop.owner, made, "start", options)
    assert {problem["row"]: problem["reason"] for problem in done["problems"]} == {
        4: "“4,91512E+12” is a number that a spreadsheet has shortened; format its column as text, and save anew.",
        5: "“31.02.2026” is no date of consent such as 2026-11-21.",
    }
    (person,) = (await shop.owner.client.get("/api/v1/contacts", params={"q": "Jürgen"})).json()["items"]
    fact = (await shop.owner.client.get(f"/api/v1/contacts/{person['id']}/consents")).json()["items"][0]
    assert fact["at"].startswith("2026-10-01T00:00")


WRONG_ROWS = [
    ('"Mensah, Ama",+12025550161,,,', None),
    ("Mensah, Kofi,+12025550162,,note,9", "This row has 6 cells and the header 5; is a quotation mark missing?"),
    ("Trailing,+12025550163,,,,,", None),
    ("Short,+12025550164", None),
    ("Reckoned,+12025550165.0,,,", None),
    (
        "Early,+12025550166,0001-01-01T00:00+14:00,,",
        "“0001-01-01T00:00+14:00” is no date of consent such as 2026-11-21.",
    ),
    (f"{'x' * 201},+12025550167,,,", f"“{'x' * 40}…” is too long for a name: at most 200 characters."),
    (f"Long,+12025550168,,{'x' * 300_000},", f"“{'x' * 40}…” has more than 20,000 characters."),
    (f"Id,+12025550169,,,{'9' * 201}", f"“{'9' * 40}…” is too long for an id: at most 200 characters."),
    ("Nought\x00,+12025550170,,,", "There are letters that cannot be read; save the table in UTF-8."),
    ('Five"Inches,+12025550171,,,', None),
]


async def test_a_row_that_would_lose_something_is_refused_in_words(shop: Shop) -> None:
    """Nothing is cut off, shifted or guessed, and whatever a row holds the import comes to its end."""
    table = "name,phone,agreed on,notes,id\n" + "\n".join(row for row, _ in WRONG_ROWS)
    made = await upload(shop.owner, table.encode())
    mapping = ["name", "phone", "consent_at", "notes", "external_id"]
    options = {"mapping": mapping, "consent": CONSENT}
    done = await carried(shop.owner, made, "start", options)
    found = {problem["row"] - 2: problem["reason"] for problem in done["problems"]}
    assert found == {at: reason for at, (_, reason) in enumerate(WRONG_ROWS) if reason}
    assert done["created"] == len(WRONG_ROWS) - len(found)
    assert await contacts.known(shop.owner.ws, Address("sms", "+12025550165"))
    headless = await upload(shop.owner, b"Ana,+12025550123\nBob,+12025550124\n", 422)
    assert headless["errors"][0]["message"] == "The first row has to name the columns; here it is somebody already."
    open_end = await carried(
        shop.owner,
        await upload(shop.owner, b'name,phone\n"Ana,+12025550123\n'),
        "start",
        {"mapping": ["name", "phone"]},
    )
    assert (open_end["state"], "does not end" in open_end["why"]) == ("failed", True)


@pytest.mark.parametrize("rule", ["fill", "overwrite", "skip"])
async def test_a_trial_says_what_the_import_will_do(shop: Shop, rule: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where people come several times, in one batch and in others, each time with something new or nothing."""
    monkeypatch.setattr(imports, "BATCH", 3)
    number = {"fill": 1, "overwrite": 2, "skip": 3}[rule]
    one, two, three = (f"+1202555{number}{last:03d}" for last in range(3))
    known = await contacts.resolve(shop.owner.ws, Address("sms", three), profile=Profile(name="Kofi"))
    rows_given = (
        f"Ann,{one},,Basket,\nAnn,{one},,,\nBob,{two},,,2026-01-05\nAnn,{one},en,,\nCid,,,,\nBob,{two},,Basket,2026-01-05\n"
        f"Ann,{one},en,Basket,2026-01-06\nKofi,{three},,Basket {rule},2026-01-07\nKofi,{three},fr,,2026-01-07\n"
        f"Kofi,{three},fr,Basket {rule},2026-01-07\nBob B,{two},,,2026-01-05\nBob B,{two},,,2026-01-05\n"
    )
    made = await upload(shop.owner, f"name,phone,language,company,consent date\n{rows_given}".encode())
    options = {"mapping": made["suggested"], "rule": rule, "consent": CONSENT}
    tried = await carried(shop.owner, made, "check", options)
    told = [row["result"] for row in await results(shop.owner, made["id"])]
    done = await carried(shop.owner, made, "start", options)
    assert told == [row["result"] for row in await results(shop.owner, made["id"])]
    assert (counts(tried), tried["consented"]) == (counts(done), done["consented"])
    assert sum(counts(done)) == 12
    past = (await shop.owner.client.get(f"/api/v1/contacts/{known.contact_id}/past")).json()["items"]
    # What an import changes is told like what a hand does.
    assert {item["by_name"] for item in past} == (set() if rule == "skip" else {"Olu Owner (import)"})


async def test_who_has_stopped_has_not_agreed_whatever_a_table_says(shop: Shop) -> None:
    owner = shop.owner
    known = await contacts.resolve(owner.ws, Address("sms", "+12025550211"), profile=Profile(name="Yaw"))
    said = {"address": "sms:+12025550211", "purposes": ["marketing"], "state": "withdrawn", "way": "phone"}
    stop = await owner.client.post(f"/api/v1/contacts/{known.contact_id}/consents", json={**said, "wording": "No more"})
    assert stop.status_code == 201, stop.text
    table = b"name,phone\nYaw,+12025550211\nAba,+12025550212\n"
    agreed = {**CONSENT, "at": owner.ws.clock.now().isoformat()}
    for what in ("check", "start"):
        made = await upload(owner, table)
        done = await carried(owner, made, what, {"mapping": ["name", "phone"], "consent": agreed})
        assert (counts(done), done["consented"]) == ((1, 1, 0, 0), 1)
        assert (await results(owner, made["id"]))[0]["reason"] == "They have asked us to stop, which stays."
    with pytest.raises(OptedOut):
        await consent.require(owner.ws, Address("sms", "+12025550211"), "marketing")


async def test_letters_that_come_late_are_read(shop: Shop) -> None:
    """A spreadsheet's encoding shows at its first letter beyond ASCII, wherever that stands."""
    many = "Ann,+12025550181\n" * 15_000
    made = await upload(shop.owner, f"name,phone\n{many}Muñoz Peña,+12025550182\n".encode("cp1252"))
    assert made["encoding"] == "cp1252"
    mixed = await upload(shop.owner, "name,phone\nZoë,+12025550183\n".encode() + "José,+12025550184\n".encode("cp1252"))
    done = await carried(shop.owner, mixed, "start", {"mapping": ["name", "phone"]})
    # Half of a file in one encoding and half in another is nobody's: what would be read wrongly is not taken.
    assert (done["created"], done["encoding"]) in {(2, "cp1252"), (1, "utf-8")}


async def test_a_stopped_import_counts_what_it_did_and_begins_anew_as_it_is_told(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, ws = shop.owner, shop.owner.ws
    monkeypatch.setattr(imports, "_enqueue", _nothing)
    monkeypatch.setattr(imports, "BATCH", 2)
    table = "name,phone\n" + "".join(f"Person {n},+1202558{n:04d}\n" for n in range(6))
    made = await upload(owner, table.encode())
    path, mapping = f"/api/v1/imports/{made['id']}", ["name", "phone"]
    assert (await owner.client.post(f"{path}/start", json={"mapping": mapping})).status_code == 202
    work = rows.Plan.work

    async def stopped(self: rows.Plan, *arguments: Any, **more: Any) -> Any:
        monkeypatch.setattr(rows.Plan, "work", work)
        assert (await owner.client.post(f"{path}/cancel")).status_code == 200
        return await work(self, *arguments, **more)

    monkeypatch.setattr(rows.Plan, "work", stopped)
    await imports.run_one(ws, made["id"])
    now = (await owner.client.get(path)).json()
    assert (now["state"], counts(now)) == ("cancelled", (2, 0, 0, 0))
    assert len(await results(owner, made["id"])) == 2

    async def begun_anew(self: rows.Plan, *arguments: Any, **more: Any) -> Any:
        monkeypatch.setattr(rows.Plan, "work", work)
        assert (await owner.client.post(f"{path}/cancel")).status_code == 200
        assert (await owner.client.post(f"{path}/start", json={"mapping": ["", "phone"]})).status_code == 202
        return await work(self, *arguments, **more)

    assert (await owner.client.post(f"{path}/start", json={"mapping": mapping})).status_code == 202
    monkeypatch.setattr(rows.Plan, "work", begun_anew)
    await imports.run_one(ws, made["id"])
    now = (await owner.client.get(path)).json()
    # What is in hand of the time before is no part of this one.
    assert (now["state"], now["read"], now["options"]["mapping"]) == ("running", 0, ["", "phone"])
    await imports.run_one(ws, made["id"])
    now = (await owner.client.get(path)).json()
    assert (now["state"], sum(counts(now))) == ("done", 6)


async def test_one_file_twice_at_the_same_time_makes_everybody_once(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    ws = shop.owner.ws
    monkeypatch.setattr(imports, "_enqueue", _nothing)
    table = ("name,phone\n" + "".join(f"Person {n},+1202559{n:04d}\n" for n in range(300))).encode()
    both = [(await upload(shop.owner, table))["id"] for _ in range(2)]
    for import_id in both:
        begun = await shop.owner.client.post(f"/api/v1/imports/{import_id}/start", json={"mapping": ["name", "phone"]})
        assert begun.status_code == 202
    await asyncio.gather(*(imports.run_one(ws, import_id) for import_id in both))
    # Who came second has let the first one end, and is looked for again.
    for import_id in both:
        await imports.run_one(ws, import_id)
    done = [(await shop.owner.client.get(f"/api/v1/imports/{import_id}")).json() for import_id in both]
    assert sorted(counts(now) for now in done) == [(0, 0, 300, 0), (300, 0, 0, 0)]


@given(
    st.lists(st.lists(st.text('ab" ,;\n\r', max_size=6), min_size=2, max_size=4), min_size=2, max_size=6),
    st.sampled_from([1, 3, 1_000]),
    st.sampled_from(["\n", "\r\n", "\r"]),
)
async def test_rows_are_those_of_the_csv_module_in_pieces_of_any_size(
    given_rows: list[list[str]], size: int, end: str
) -> None:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator=end).writerows([["x", "y"], *given_rows, ['5" pipe', "1"]])
    text = out.getvalue() + f'5" pipe,2{end}last,3'
    expected = [row for row in csv.reader(io.StringIO(text, newline="")) if any(cell.strip() for cell in row)][1:]

    async def pieces() -> AsyncIterator[bytes]:
        for first in range(0, len(text), size):
            yield text[first : first + size].encode()

    shape = tables.Shape("utf-8", ",", ("x", "y"), ())
    found = [[cell.strip() for cell in row] async for _, row in tables.rows_of(pieces(), shape)]
    assert found == [[cell.strip() for cell in row] for row in expected]
