"""Stops in words of people's own: what is held, and what only sounds like it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm import keywords
from crm.wishes import QUESTIONS, may_mean_stop, not_interested

HELD = {
    "en": (
        "please stop texting me|Stop sending me this!|don't text me|Don’t message me anymore|do not contact me"
        "|leave me alone|take me off your list|remove me from this list|stop messaging me|pls stop texting"
        "|No more offers please|I am not interested|I don't want these messages|do not want to receive this"
        "|stop with the ads|lose my number|STOP SPAMMING ME|🛑|🚫 🚫"
        "|go away|this is spam|St0p|unsubcribe|Please discontinue"
        "|Stop please, I never signed up|I did not subscribe to this|stop this|cease and desist|Spam!|unsuscribe me"
        "|stop sending offers|STOP ADS!|stop marketing messages|reply STOP|STOP to end|pls stop txting me|delete me"
        "|Please remove|I opt out|do not disturb"
    ),
    "es": "no me escriban más|No más mensajes|deja de enviarme esto|dame de baja|no me interesa|no quiero recibir"
    "|darme de baja",
    "fr": "arrêtez de m'envoyer ça|ne m'écrivez plus|plus de pub svp|désabonnez-moi|laissez-moi tranquille",
    "pt": "não me envie mais|pare de mandar isso|não quero mais receber|não tenho interesse|me deixe em paz",
    "de": "schreiben Sie mir nicht mehr|keine Werbung mehr|hört auf|lassen Sie mich in Ruhe|kein Interesse"
    "|Newsletter abbestellen",
    "it": "non scrivetemi più|basta messaggi|smettete di scrivermi|lasciatemi in pace|non mi interessa",
    "sw": "acha kunitumia meseji|usinitumie tena|sitaki",
    "nl": "stuur mij geen berichten meer|geen reclame meer|laat me met rust",
    "pl": "proszę nie wysyłajcie mi więcej|nie piszcie do mnie|nie jestem zainteresowana",
    "tr": "bana mesaj atmayın|artık yazmayın|mesaj istemiyorum",
    "sv": "sluta skicka sms|inga fler erbjudanden",
    "no": "ikke send meg mer|slutt å sende meg meldinger|ingen flere beskeder",
    "fi": "älkää lähettäkö enää|ei kiinnosta",
    "cs": "nepište mi už|nemám zájem",
    "ro": "nu mai trimiteți|nu sunt interesat",
    "hu": "ne küldjenek több üzenetet|nem érdekel",
    "el": "μη μου στέλνετε μηνύματα|δεν ενδιαφέρομαι",
    "ru": "не пишите мне больше|Хватит!|больше не присылайте|отпишите меня от рассылки",
    "uk": "не пишіть мені|припиніть",
    "zh": "不要再发了|别发短信给我|請不要再發|不感兴趣",
    "ja": "もう送らないでください|配信を止めて|やめてください",
    "ko": "그만 보내세요|보내지 마세요|연락하지 마세요",
    "he": "תפסיקו לשלוח לי|לא מעוניין",
    "id": "jangan kirim lagi|tidak tertarik",
    "vi": "đừng gửi nữa|không quan tâm",
    "th": "อย่าส่งมาอีก|ไม่สนใจ",
    "hi": "मुझे मत भेजो|message band karo",
    "ar": "لا ترسل لي رسائل|غير مهتم",
}
NOT_HELD = (
    "cancel my order|where do I stop?|is there a bus stop near you|can you stop the delivery and send it here instead"
    "|I am interested in the blue one|no more sugar please|please text me when it is ready|send me the offer"
    "|me interesa el azul|quiero más información|je suis intéressé|plus de détails svp|tenho interesse"
    "|mi interessa|hello|👍|yes|how do I take it off?|don't worry|leave it at the door|I want these shoes"
    "|stop|Thanks, that is all I wanted|ok stop by|end of month?"
    "|did you discontinue the blue model?|stop this order|please stop the delivery|that is enough sugar"
    "|I never got my parcel|ich möchte eine SMS|хочу заказать|可以发货吗|送ってください|보내 주세요"
    "|peynir istemiyorum|I report to you"
)


@pytest.mark.parametrize("label", ["Not interested", "Kein Interesse!", "No me interesa", "Pas intéressée"])
def test_a_button_that_says_there_is_no_interest_is_a_wish(label: str) -> None:
    assert not_interested(label)
    assert may_mean_stop(label)


@pytest.mark.parametrize("label", ["Nein, danke", "Keine Angebote hier", "No offers here", "No, thanks", "Interested"])
def test_what_else_a_button_declines_is_what_it_asked(label: str) -> None:
    assert not not_interested(label)


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
