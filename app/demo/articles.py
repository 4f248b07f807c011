"""The demo's help centre: what customers of a lamp shop ask, and one thing that only colleagues should know."""

from app.core.permissions import SYSTEM
from app.core.runtime import Workspace
from inbox.help import articles, help_centre
from inbox.help.articles import Draft, Text
from inbox.help.help_centre import Category, HelpCentre

_CENTRE = HelpCentre(
    slug="linden",
    open=True,
    languages=("en", "fr"),
    welcome={"en": "How can we help?", "fr": "Comment pouvons-nous vous aider ?"},
    categories=(
        Category(
            id="orders",
            names={"en": "Orders and delivery", "fr": "Commandes et livraison"},
            texts={"en": "Where your lamp is, and when it comes."},
        ),
        Category(
            id="returns",
            names={"en": "Returns and damage", "fr": "Retours et dommages"},
            texts={"en": "When something is not as it should be."},
        ),
        Category(
            id="lamps",
            names={"en": "Your lamp", "fr": "Votre lampe"},
            texts={"en": "Bulbs, cleaning, putting it together."},
        ),
    ),
)

_ARTICLES = (
    Draft(
        (
            Text(
                language="en",
                title="How long delivery takes",
                body=(
                    "We send every lamp on the day you order it, if you order before **2 pm**.\n\n"
                    "| To | Takes | Costs |\n|---|---|---|\n| Accra | 1 day | nothing |\n"
                    "| Elsewhere in Ghana | 2 to 3 days | 25 cedi |\n| Abroad | 5 to 9 days | shown at checkout |\n\n"
                    "## Follow your parcel\n\nWrite us your order number in any chat, and we tell you where it is."
                    "\n\n"
                    "## Nobody was at home\n\nThe driver tries again the next working day. After that your parcel "
                    "waits for a week at the nearest pick-up point.\n\n"
                    "## Another address\n\nAs long as your order is not on its way, we can send it elsewhere."
                ),
            ),
            Text(
                language="fr",
                title="Combien de temps prend la livraison",
                body=(
                    "Nous expédions chaque lampe le jour même, si vous commandez avant **14 h**.\n\n"
                    "- À Accra : un jour\n- Ailleurs au Ghana : deux à trois jours\n- À l'étranger : cinq à neuf jours"
                ),
            ),
        ),
        category_id="orders",
        status="published",
    ),
    Draft(
        (
            Text(
                language="en",
                title="Change or cancel an order",
                body=(
                    "Until your order leaves our warehouse you can change everything about it.\n\n"
                    "1. Write to us with your order number\n2. Say what should be different\n"
                    "3. We confirm within the hour\n\nOnce it has left, send it back when it comes: that is free."
                ),
            ),
        ),
        category_id="orders",
        status="published",
    ),
    Draft(
        (
            Text(
                language="en",
                title="My lamp came with a dent",
                body=(
                    "That should not happen, and you do not have to send anything back.\n\n"
                    "1. Take **one picture** of the dent\n2. Send it to us in any chat, with your order number\n"
                    "3. Choose: a new shade, or your money back\n\n"
                    "A new shade is with you within three days."
                ),
            ),
            Text(
                language="fr",
                title="Ma lampe est arrivée abîmée",
                body=(
                    "Prenez **une photo** et envoyez-la-nous avec votre numéro de commande. "
                    "Vous choisissez : un nouvel abat-jour, ou le remboursement."
                ),
            ),
        ),
        category_id="returns",
        status="published",
    ),
    Draft(
        (
            Text(
                language="en",
                title="Send a lamp back",
                body=(
                    "You have **30 days**. The lamp may have been switched on; it should not have been painted.\n\n"
                    "- Use the box it came in\n- Put the return slip inside\n- Hand it in at any pick-up point\n\n"
                    "Your money is back on the same card within five working days after it has arrived."
                ),
            ),
        ),
        category_id="returns",
        status="published",
    ),
    Draft(
        (
            Text(
                language="en",
                title="Which bulb fits",
                body=(
                    "| Lamp | Socket | At most |\n|---|---|---|\n| Arc | E27 | 12 W LED |\n| Pebble | E14 | 6 W LED |\n"
                    "| Mast | GU10 | 7 W LED |\n\n> Always switch the lamp off before you change the bulb."
                ),
            ),
        ),
        category_id="lamps",
        status="published",
    ),
    Draft(
        (
            Text(
                language="en",
                title="Clean a linen shade",
                body="Dust it with a soft brush. A stain goes with lukewarm water and a drop of soap; never rub.",
            ),
        ),
        category_id="lamps",
        status="published",
    ),
    Draft(
        (
            Text(
                language="en",
                title="What we may offer for a dent",
                body=(
                    "Without asking anybody: a new shade, or 15 % off the order. More than that needs Mei-Ling. "
                    "From the batch *AR-0912* always send a new shade."
                ),
            ),
        ),
        category_id="returns",
        internal=True,
        status="published",
    ),
    Draft((Text(language="en", title="Repairs in our workshop", body="To be written with the workshop."),)),
)


async def keep(ws: Workspace) -> None:
    """Once: a centre that is there already is its owner's."""
    if (await help_centre.get(ws)).revision == 0:
        await help_centre.save(ws, SYSTEM, _CENTRE)
        for draft in _ARTICLES:
            await articles.create(ws, SYSTEM, draft)
