"""`migrate` and `ensure-indexes`: bring the database to what this version needs."""

from app.core import migrations, mongo
from app.core.clock import Clock
from app.core.settings import Settings


async def migrate(settings: Settings) -> int:
    """Indexes and pending migrations; safe to run beside others, who wait."""
    client = mongo.connect(settings.mongodb_uri.get_secret_value())
    try:
        ran = await migrations.run(client[settings.database], Clock())
    finally:
        await client.close()
    print(f"Done: {', '.join(ran)}." if ran else "Everything is up to date.")
    return 0


async def ensure_indexes(settings: Settings) -> int:
    """Only the indexes."""
    client = mongo.connect(settings.mongodb_uri.get_secret_value())
    try:
        created = await mongo.ensure_indexes(client[settings.database])
    finally:
        await client.close()
    for name in created:
        print(f"made {name}")
    print(f"{len(created)} indexes made." if created else "All indexes are there.")
    return 0
