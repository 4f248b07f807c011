"""
`rotate-push-keys`: browsers subscribe with a new key from now on. Those that have subscribed go on with theirs until
they are next opened, and then renew by themselves; a key that no device has any more is forgotten.
"""

from app.core.platform import push_devices, push_keys
from app.core.runtime import open_runtime
from app.core.settings import Settings


async def run(settings: Settings, *, now: bool) -> int:
    """`now`: the older keys have become known to others, so devices that have subscribed with them get nothing more."""
    async with open_runtime(settings) as runtime:
        made = await push_keys.add(runtime.mongo, runtime.keyring, runtime.clock.now())
        ended = await push_devices.drop_all(runtime.mongo, but_key=made.number) if now else 0
        in_use = await push_devices.keys_in_use(runtime.mongo)
        gone = await push_keys.keep(runtime.mongo, in_use | {made.number})
    print(f"Key {made.number} signs for new devices; {gone} older keys were forgotten.")
    if now:
        print(f"{ended} devices get no more pushes until their owners turn them on again.")
    elif in_use:
        print("Devices that have subscribed with an older key renew when they are next opened.")
    return 0
