"""Stops in words of people's own: what is held, and what only sounds like it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm import keywords
from crm.wishes import QUESTIONS, may_mean_stop

HELD = {
    "en": (
        "please stop texting me|Stop sending me this!|don't text me|Don’t message me anymore|do not contact me"
        "|leave me alone|take me off your list|remove me from this list|stop messaging me|pls stop texting"
        "|No more offers please|I am not interested|I don't want these messages|do not want to receive this"
        "|stop with the ads|lose my number|STOP SPAMMING ME|🛑|🚫 🚫"
    ),
    "es": "no me escriban más|No más mensajes|deja de enviarme esto|dame de baja|no me interesa|no quiero recibir",
    "fr": "arrêtez de m'envoyer ça|ne m'écrivez plus|plus de pub svp|désabonnez-moi|laissez-moi tranquille",
    "pt": "não me envie mais|pare de mandar isso|não quero mais receber|não tenho interesse|me deixe em paz",
    "de": "schreiben Sie mir nicht mehr|keine Werbung mehr|hört auf|lassen Sie mich in Ruhe|kein Interesse",
    "it": "non scrivetemi più|basta messaggi|smettete di scrivermi|lasciatemi in pace|non mi interessa",
    "sw": "acha kunitumia meseji|usinitumie tena",
    "hi": "मुझे मत भेजो|message band karo",
    "ar": "لا ترسل لي رسائل|غير مهتم",
}
NOT_HELD = (
    "cancel my order|where do I stop?|is there a bus stop near you|can you stop the delivery and send it here instead"
    "|I am interested in the blue one|no more sugar please|please text me when it is ready|send me the offer"
    "|me interesa el azul|quiero más información|je suis intéressé|plus de détails svp|tenho interesse"
    "|mi interessa|hello|👍|yes|how do I take it off?|don't worry|leave it at the door|I want these shoes"
    "|stop|Thanks, that is all I wanted|ok stop by|end of month?"
)


@pytest.mark.parametrize(("language", "text"), [(lang, t) for lang, all_ in HELD.items() for t in all_.split("|")])
def test_held(language: str, text: str) -> None:
    assert may_mean_stop(text) == language
    assert keywords.keyword(text) is None


@pytest.mark.parametrize("text", NOT_HELD.split("|"))
def test_not_held(text: str) -> None:
    assert may_mean_stop(text) is None


@given(st.text(max_size=600))
def test_any_text_has_an_answer(text: str) -> None:
    assert may_mean_stop(text) in (None, *HELD)


def test_the_questions_name_both_words() -> None:
    assert all("STOP" in words and "START" in words for words in QUESTIONS.values())
