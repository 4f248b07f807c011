"""
What all tests stand on: real servers, a database of their own for each test module, a workspace for each test.

    databases     the database server and Valkey, started once (or MONGODB_URI and REDIS_URL)
    settings      of this module: a fresh database name, a fresh Redis database, a fresh data folder
    runtime       of this module: open, indexes made
    server        of this module: base URL of a real web process with these settings
    people        makes workspaces, members and signed-in clients; see tests/support/people.py
    ws, owner     a fresh workspace and its signed-in owner, for each test
    any_hour      the shop sends marketing whatever time it is; for `pytest.mark.usefixtures`
    anonymous     a client that nobody has signed in with

Everything runs in one event loop. A connection that leaves localhost fails.
"""

import gc
import os
from collections.abc import AsyncIterator, Iterator

import httpx
import hypothesis
import pytest
from argon2 import PasswordHasher

from app.core import garbage, mongo, passwords
from app.core.runtime import Runtime, Workspace, open_runtime
from app.core.settings import Settings
from tests.support import servers
from tests.support.broadcasts import any_hour_will_do
from tests.support.network import only_localhost
from tests.support.people import People, Person, people_of
from tests.support.shop import Shop, open_shop
from web.app import create_app

# How long an example takes tells how busy the machine is, and nothing of what is tested.
hypothesis.settings.register_profile("parley", hypothesis.settings(), deadline=None)
hypothesis.settings.load_profile("parley")

# A minute each, and more.
_LONG = (
    *("journeys/test_chaos.py", "web/test_openapi.py", "inbox/test_plans.py", "journeys/test_isolation.py"),
    *("inbox/test_mailing_errors.py", "app/test_up.py", "journeys/test_havoc.py"),
    *("browser/test_widget.py", "browser/test_settings.py", "browser/test_sending.py", "browser/test_finding.py"),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first: begun last they would be waited for by everybody."""

    def place(item: pytest.Item) -> int:
        name = f"{item.path.parent.name}/{item.path.name}"
        return _LONG.index(name) if name in _LONG else len(_LONG)

    items.sort(key=place)


def pytest_collection_finish() -> None:
    """What was imported stays: to look through all of it after each module takes a third of a second."""
    garbage.spare_what_is_loaded()


@pytest.fixture(scope="session", autouse=True)
def _only_localhost() -> Iterator[None]:
    with only_localhost():
        yield


@pytest.fixture(scope="module", autouse=True)
def _left_open() -> Iterator[None]:
    """What a module leaves open is complained about where it was left, not where the collector happens to come by."""
    yield
    gc.collect()


@pytest.fixture(scope="session", autouse=True)
def _cheap_passwords() -> None:
    """What an attacker has to pay for each guess is proven in tests/core/test_members.py and not paid by every test."""
    assert passwords.hasher is passwords.OWASP
    passwords.hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture(scope="session")
def databases() -> Iterator[servers.Databases]:
    with servers.databases() as running:
        yield running


@pytest.fixture(scope="module")
def settings(databases: servers.Databases, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return servers.make_settings(databases, tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
async def runtime(settings: Settings) -> AsyncIterator[Runtime]:
    async with open_runtime(settings) as opened:
        await mongo.ensure_indexes(opened.mongo)
        yield opened
        if os.environ.get("MONGODB_URI"):
            # An embedded one goes as a whole, with its folder.
            await opened.client.drop_database(settings.database)


@pytest.fixture(scope="module")
async def server(settings: Settings, runtime: Runtime) -> AsyncIterator[str]:
    async with servers.live(create_app(settings)) as base_url:
        yield base_url


@pytest.fixture(scope="module")
async def shop(databases: servers.Databases, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Shop]:
    async with open_shop(databases, tmp_path_factory.mktemp("shop")) as opened:
        yield opened


@pytest.fixture
async def any_hour(shop: Shop) -> None:
    await any_hour_will_do(shop)


@pytest.fixture
async def people(runtime: Runtime, server: str) -> AsyncIterator[People]:
    async with people_of(runtime, server) as made:
        yield made


@pytest.fixture
async def owner(people: People) -> Person:
    _, person = await people.workspace()
    return person


@pytest.fixture
def ws(owner: Person) -> Workspace:
    return owner.ws


@pytest.fixture
async def anonymous(people: People) -> httpx.AsyncClient:
    return await people.browser()
