"""`replay-inbound`: puts provider events back to work that were put aside after too many failures."""

from app.core.platform import dead_letters, work
from app.core.queue import Lane
from app.core.runtime import open_runtime
from app.core.settings import Settings

_MOST = 1_000


async def run(settings: Settings, *, event_ids: list[str], dead: bool) -> int:
    """Those named, or all that were put aside. Replaying one that was processed does nothing: its entry is there."""
    async with open_runtime(settings) as runtime:
        if dead:
            event_ids = [letter.id for letter in await dead_letters.everywhere(runtime, "inbound", limit=_MOST)]
        if not event_ids:
            print("Nothing was put aside." if dead else "Name events, or say --dead for all that were put aside.")
            return 0 if dead else 1
        missing = 0
        for event_id in event_ids:
            pending_key = await work.replay_inbound(runtime, event_id)
            if pending_key is None:
                print(f"there is no event {event_id}")
                missing += 1
                continue
            await runtime.queue.enqueue("process_inbound", pending_key, lane=Lane.INBOUND)
            print(f"put back to work: {event_id}")
    return 1 if missing else 0
