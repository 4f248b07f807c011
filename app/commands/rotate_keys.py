"""`rotate-keys`: all that is stored encrypted gets the newest secret key, so that an older one can be removed."""

from app.core.platform import accounts, members, push_devices, push_keys, translators
from app.core.runtime import open_runtime
from app.core.security import CannotDecrypt
from app.core.settings import Settings


async def run(settings: Settings) -> int:
    if len(settings.secret_keys) < 2:
        print(
            "There is one secret key, so there is nothing to rotate to. Put a new one in front of it, separated by a "
            "comma (PARLEY_SECRET_KEYS, or secret_keys in data/instance.json), start Parley again, then run this."
        )
        return 1
    async with open_runtime(settings) as runtime:
        try:
            sealed = await accounts.rotate_keys(runtime.mongo, runtime.keyring)
            totp = await members.rotate_keys(runtime.mongo, runtime.keyring)
            keys = await push_keys.rotate_keys(runtime.mongo, runtime.keyring)
            devices = await push_devices.rotate_keys(runtime.mongo, runtime.keyring)
            translating = await translators.rotate_keys(runtime.mongo, runtime.keyring)
        except CannotDecrypt:
            print(
                "Something is encrypted with a key that is not in PARLEY_SECRET_KEYS. Put that key back and try again."
            )
            return 1
    print(
        f"{sealed} channel accounts, {totp} second factors, {keys} push keys, {devices} devices and {translating} "
        "translation services now use the newest key. The older keys can be removed."
    )
    return 0
