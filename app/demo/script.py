"""
The demo's business and its conversations. Everybody and everything here is invented; the numbers are from the range
that is kept free for fiction.
"""

from dataclasses import dataclass

from app.core.permissions import Role
from app.demo.steps import (
    Answers,
    Assigns,
    Closes,
    Likes,
    MakesTicket,
    NextFails,
    Notes,
    Reacts,
    Reads,
    Story,
    replies,
    says,
    sends,
)

# The shop that the sandbox's phone shows; its templates are signed with the same name.
BUSINESS = "Linden & Co"


@dataclass(frozen=True, slots=True)
class Colleague:
    key: str
    name: str
    email: str
    role: Role


MARKETER = Colleague("zoe", "Zoë Marchetti", "zoe@parley.test", Role.MARKETER)
# The first is the owner, whose login `make run` prints. All have the same password.
COLLEAGUES = (
    Colleague("nadia", "Nadia Okafor", "demo@parley.test", Role.OWNER),
    Colleague("tomasz", "Tomasz Lindqvist", "tomasz@parley.test", Role.ADMIN),
    Colleague("meiling", "Mei-Ling Duarte", "mei-ling@parley.test", Role.SUPERVISOR),
    Colleague("kwame", "Kwame Asante", "kwame@parley.test", Role.AGENT),
    Colleague("priya", "Priya Venkataraman", "priya@parley.test", Role.AGENT),
    MARKETER,
    Colleague("ravi", "Ravi Solberg", "ravi@parley.test", Role.READONLY),
)

# Beside the cast that every sandbox starts with (ama, diego, yuki, samira, robin, noah).
CUSTOMERS = (
    {"id": "leila", "name": "Leïla Benali", "phone": "+12025550131", "language": "fr", "colour": "#be123c"},
    {"id": "joao", "name": "João Peixoto", "phone": "+12025550132", "language": "pt", "colour": "#0e7490"},
    {"id": "anneke", "name": "Anneke de Groot", "phone": "+12025550133", "language": "nl", "colour": "#4d7c0f"},
    {"id": "hyunwoo", "name": "강현우", "phone": "+12025550134", "language": "ko", "colour": "#7c3aed"},
    {"id": "wanjiku", "name": "Wanjikũ Mwangi", "phone": "+12025550135", "language": "sw", "colour": "#b45309"},
    {"id": "ivan", "name": "Іван Ткачук", "phone": "+12025550136", "language": "uk", "colour": "#1d4ed8"},
    {"id": "gus", "name": "Gus Halloran", "phone": "+12025550137", "language": "en", "colour": "#15803d"},
)

STORIES: tuple[Story, ...] = (
    Story(
        key="ama-broken-shade",
        channel="whatsapp",
        customer="ama",
        steps=(
            says("Good morning! My Arc lamp arrived today but the shade has a dent 😕", "dent"),
            sends("image", "photo", text="See here, on the left side"),
            Assigns("kwame"),
            replies("kwame", "Oh no, that should not happen. I am sorry, Ama! May I have your order number?", "sorry"),
            says("It is 1001", quotes="sorry"),
            Notes("kwame", "Second dented shade this week from the same batch. @Mei-Ling, shall we check the rest?"),
            MakesTicket("kwame", "Arc lamp came dented", {"category_id": "damage", "priority": "high"}),
            Answers(
                "kwame",
                {
                    "type": "buttons",
                    "text": "Thank you. What would you like us to do?",
                    "buttons": [{"id": "new", "title": "Send a new shade"}, {"id": "money", "title": "Money back"}],
                },
                key="choice",
            ),
            says("A new shade please, I love the lamp"),
            replies("kwame", "It leaves our workshop tomorrow. Keep the old one for the cat. 🐈", "cat"),
            Reads(),
            Reacts("cat", "😂"),
        ),
    ),
    Story(
        key="diego-delivery",
        channel="whatsapp",
        customer="diego",
        steps=(
            says("Hola, ¿hacen envíos a Tarragona?", "question"),
            replies("priya", "¡Hola, Diego! Sí, enviamos a toda España en 3 o 4 días laborables.", quotes="question"),
            says("Perfecto, ¿y cuánto cuesta?"),
            replies("priya", "El envío cuesta 6,90 € y es gratis a partir de 80 €.", "price"),
            Reads(),
            Reacts("price", "👍"),
            Assigns("priya"),
            Closes("priya"),
        ),
    ),
    Story(
        key="yuki-voice",
        channel="telegram",
        customer="yuki",
        steps=(
            sends("start"),
            says("こんにちは。Pebbleのランプはまだありますか？"),
            replies("meiling", "こんにちは、ゆきさん。はい、あと三つございます。", "stock"),
            sends("voice", "voice"),
            Likes("meiling", "voice", "❤"),
            says("では一つお願いします！"),
        ),
    ),
    Story(
        key="samira-order",
        channel="whatsapp",
        customer="samira",
        steps=(
            says("مرحبا، هل يمكنني تغيير عنوان التسليم لطلبي؟", "address"),
            replies("nadia", "مرحبا سميرة، بالتأكيد. أرسلي لنا العنوان الجديد من فضلك.", quotes="address"),
            sends("location", latitude=38.8977, longitude=-77.0365, name="Samira's new place", address="1 Example Rd"),
            Assigns("nadia"),
        ),
    ),
    Story(
        key="robin-username",
        channel="whatsapp",
        customer="robin",
        steps=(
            says("Hoi! Is de Reed ook in zwart eiken te krijgen?"),
            says("En hoe lang is het snoer?"),
        ),
    ),
    Story(
        key="noah-sms",
        channel="sms",
        customer="noah",
        steps=(
            says("Hi, is order 1007 on its way? I am home Thursday only"),
            replies("kwame", "Hi Noah, it is with the carrier and comes on Thursday between 9 and 12.", "eta"),
            says("Perfect, thanks"),
            Closes("kwame"),
        ),
    ),
    Story(
        key="leila-document",
        channel="whatsapp",
        customer="leila",
        steps=(
            says("Bonjour, j'aurais besoin d'une facture au nom de mon entreprise."),
            sends("document", "order", text="Voici la commande"),
            Answers("priya", {"type": "media", "caption": "Et voici la facture, bonne journée !"}, file="document"),
            says("Super rapide, merci beaucoup 🙏", "thanks"),
            Likes("priya", "thanks", "🙏"),
        ),
    ),
    Story(
        key="joao-telegram",
        channel="telegram",
        customer="joao",
        steps=(
            sends("start"),
            says("Oi! Vocês consertam luminárias antigas?"),
            sends("photo", "lamp", text="Era da minha avó"),
            Assigns("meiling"),
            replies("meiling", "Que linda, João! Consertamos, sim. Vou perguntar na oficina quanto custaria.", "ask"),
            Notes("meiling", "Asked the workshop: about 45 to 60, they want to see the socket first."),
            Reacts("ask", "🔥"),
        ),
    ),
    Story(
        key="anneke-sms-photo",
        channel="sms",
        customer="anneke",
        steps=(
            sends("image", text="This switch gets warm. Is that normal?"),
            replies(
                "kwame", "Thank you for telling us, Anneke. Please unplug it for now; we call you within the hour."
            ),
        ),
    ),
    Story(
        key="hyunwoo-failed",
        channel="sms",
        customer="hyunwoo",
        steps=(
            says("안녕하세요, 배송 조회가 되지 않아요."),
            NextFails(30005),
            replies("priya", "안녕하세요! 바로 확인해 드리겠습니다. 주문 번호를 알려 주시겠어요?", "failed"),
        ),
    ),
    Story(
        key="wanjiku-list",
        channel="whatsapp",
        customer="wanjiku",
        steps=(
            says("Habari! I am looking for a gift for my mother, around $50"),
            Answers(
                "meiling",
                {
                    "type": "list",
                    "text": "What a lovely idea! These three are the favourites in that range:",
                    "button": "See the lamps",
                    "sections": [
                        {
                            "title": "Around $50",
                            "rows": [
                                {"id": "arc", "title": "Arc", "description": "Brass, 48 cm, $48"},
                                {"id": "dome", "title": "Dome", "description": "Linen, 31 cm, $64"},
                                {"id": "pebble", "title": "Pebble", "description": "Glass, 18 cm, $36.50"},
                            ],
                        }
                    ],
                },
                key="list",
            ),
            says("The Dome! Can you wrap it?"),
            replies("meiling", "Of course, with a card. What shall we write on it?"),
            Reads(),
        ),
    ),
    Story(
        key="ivan-reaction",
        channel="telegram",
        customer="ivan",
        steps=(
            sends("start"),
            says("Добрий день! Лампа чудова, дякую. Ось як вона виглядає вдома:"),
            sends("photo", "home"),
            Likes("nadia", "home", "❤"),
            replies("nadia", "Дякуємо, Іване! Яка гарна кімната. Можна показати це фото на нашому сайті?", "may"),
            says("Звичайно 🙂", quotes="may"),
            Closes("nadia"),
        ),
    ),
    Story(
        key="gus-unhappy",
        channel="whatsapp",
        customer="gus",
        steps=(
            says("I have been waiting for three weeks now. Where is my order??", "angry"),
            NextFails(131026),
            replies("priya", "Hello Gus, I understand, and I am looking into it right now.", "lost"),
            says("Anybody there?"),
        ),
    ),
    Story(
        key="ama-web-chat",
        channel="livechat",
        customer="ama",
        steps=(
            says("Hi, it is Ama again. Can I also get the Arc in blue?"),
            replies("kwame", "Hi Ama! Blue comes in May. Shall I write to you when it is there?"),
            says("Yes please!"),
        ),
    ),
    Story(
        key="visitor-web-chat",
        channel="livechat",
        customer="noah",
        steps=(says("Do you have a showroom in Washington?"),),
    ),
)
