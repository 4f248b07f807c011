"""What happened with contacts is found by the contacts alone, however much else there is."""

from datetime import timedelta
from typing import Any

from pymongo import monitoring
from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

from app.core.ids import derived
from app.core.runtime import open_runtime
from crm import happenings
from crm.happenings import Happening
from crm.store import happenings as store
from tests.support.people import Person


class _Asked(CommandListener):
    """Notes what is asked of happenings by clients opened from now on."""

    def __init__(self) -> None:
        self.filters: list[dict[str, Any]] = []

    def started(self, event: CommandStartedEvent) -> None:
        if event.command.get("find") == "happenings":
            self.filters.append(dict(event.command["filter"]))

    def succeeded(self, event: CommandSucceededEvent) -> None: ...

    def failed(self, event: CommandFailedEvent) -> None: ...


async def test_of_several_contacts_they_alone_are_asked_for(owner: Person) -> None:
    now = owner.ws.clock.now().replace(microsecond=0)
    people = sorted(derived("con", str(at)) for at in range(60))
    told = [
        Happening(contact_id=each, kind=kind, at=now - timedelta(days=days), id=f"{kind}{days}")
        for each in people
        for kind in ("order", "visit", "call")
        for days in (1, 9)
    ]
    await happenings.append(owner.ws, told)
    asked = {"order": None, "visit": now - timedelta(days=3)}
    wanted = {
        each: sorted(
            (one.kind, one.at)
            for one in told
            if one.contact_id == each and (one.kind == "order" or (one.kind == "visit" and one.id == "visit1"))
        )
        for each in people
    }
    listener = _Asked()
    monitoring.register(listener)
    async with open_runtime(owner.ws.runtime.settings) as runtime:
        ws = runtime.workspace(owner.ws.id)

        def by_contact(found: list[Happening]) -> dict[str, list[Any]]:
            return {each: sorted((one.kind, one.at) for one in found if one.contact_id == each) for each in people}

        assert by_contact(await store.of_contacts(ws, people, asked)) == wanted
        assert by_contact(await store.within(ws, people[4], people[40], asked)) == {
            each: wanted[each] if 4 < at <= 40 else [] for at, each in enumerate(people)
        }
        # A second condition beside these reads the whole collection in the embedded database.
        assert len(listener.filters) == 3
        assert all(each.keys() == {"workspace_id", "contact_id"} for each in listener.filters)
        one = await store.of_contacts(ws, people[:1], asked)
        assert sorted((each.kind, each.at) for each in one) == wanted[people[0]]
        assert await store.of_contacts(ws, people, {}) == await store.within(ws, "con_", people[-1], {}) == []
