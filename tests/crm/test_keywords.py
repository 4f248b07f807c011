"""STOP, START and HELP in the words people use, and the sentences that only look like them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm import keywords
from crm.keywords import Keyword, keyword, own_words

STOP = (
    """
stop|STOP|Stop.|stop!!!|  stop  |"stop"|sTOP 🛑|stopall|stop all|unsubscribe
UNSUBSCRIBE!|cancel|Cancel.|end|END|quit|revoke
opt out|opt-out|optout|OPT OUT|remove|remove me|arret|ARRÊT|arrêter|désabonner
se désabonner|annuler|fin|alto|parar|basta
cancelar|baja|darse de baja|detener|salir|pare|sair|descadastrar|remover|stopp
abmelden|abbestellen|kündigen|ende
annulla|cancella|disiscrivi|توقف|قف|إلغاء|إيقاف|acha|simamisha|ondoa|sitisha
tsaya|dakata|duro|kwusi|gyae|रोकें|बंद करें|band karo
stop please|unsubscribe me|unsubscribe me please|STOP thanks|ｓｔｏｐ|stop promotions|STOP_PROMO|stop all messages
please stop|Pls stop!|stop it|STOP STOP|S T O P|s.t.o.p|stop msgs|ok stop|unsub
стоп|Отписаться|відписатися|退订|停止|配信停止|수신거부|uitschrijven|afmelden|wypisz|odhlásit|iptal|avsluta|avmeld
İPTAL|ST\u200bOP|s\u00adtop|desinscription|DESINSCRIRE|kundigen|Arretez!|désabonnement|STOPPPP|stooop
stop svp|Stopp bitte|unsub me|stop txt|stop-all|STOP POR FAVOR
désinscription|desuscribir|abbestellung|στοπ|הסר|berhenti|ngừng|ยกเลิก|बंद करो|leiratkozás
""".replace("\n", "|")
    .strip("|")
    .split("|")
)

NOT_STOP = (
    """
cancel my order|Can I cancel my order?|please cancel the second item
end of month?|the end of the day is fine|When does it end?
stop by the shop tomorrow|is there a bus stop near you
can you stop the delivery to my old address and send it here instead
the last stop|nonstop|stopping by at 5|I quit my job and need a refund
remove the sauce please|baja el precio|fin de semana
how do I unsubscribe my friend from the course|yes|no|ok|hello|👍|
start the engine|help me with my order please|info about tents
salir de compras|parar el coche|ende der Woche|annuler ma commande|cancela
I want to end my contract next year|revoke access for Bob
dung|đúng|ok stop by|don't stop|stop here|stop that order|please stop the delivery|A B C|i o u|Peru|sent from my iPhone
""".replace("\n", "|")
    .strip()
    .split("|")
)


@pytest.mark.parametrize("text", STOP)
def test_stop(text: str) -> None:
    assert keyword(text) is Keyword.STOP


@pytest.mark.parametrize("below", ["Sent from my iPhone", "Gesendet von meinem Galaxy", "Envoyé de mon iPhone"])
def test_what_a_telephone_writes_below_changes_nothing(below: str) -> None:
    assert keyword(f"Stop\n\n{below}") is Keyword.STOP
    assert keyword(f"Stop by at five\n{below}") is None


@pytest.mark.parametrize("text", NOT_STOP)
def test_not_stop(text: str) -> None:
    assert keyword(text) is not Keyword.STOP


@pytest.mark.parametrize("text", ["start", "START", "Unstop", "resume.", "subscribe!", "opt in", "opt-in", "OPTIN"])
def test_start(text: str) -> None:
    assert keyword(text) is Keyword.START


@pytest.mark.parametrize("text", ["help", "HELP!", "info", "Aide", "ayuda", "Hilfe", "ajuda"])
def test_help(text: str) -> None:
    assert keyword(text) is Keyword.HELP


@given(st.text(max_size=400))
def test_any_text_has_an_answer(text: str) -> None:
    assert keyword(text) in (None, *Keyword)


@given(st.sampled_from(STOP[:40]), st.text(" .!?\n\t🛑…", max_size=8), st.text(" .!?\n\t🛑…", max_size=8))
def test_decoration_changes_nothing(word: str, before: str, after: str) -> None:
    assert keyword(before + word.upper() + after) is keyword(word.upper())


def test_the_words_of_the_law_are_there() -> None:
    assert {"stop", "quit", "end", "revoke", "opt out", "cancel", "unsubscribe"} <= keywords._STOP_ALONE


OWN = own_words("No more, GENUG!,, assez svp ", "zurück, stop, start")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("no more", Keyword.STOP),
        ("Genug.", Keyword.STOP),
        ("ASSEZ SVP!", Keyword.STOP),
        ("Zurück", Keyword.START),
        ("no more of the blue ones", None),
        # The law's words mean what they mean, whatever an owner types.
        ("stop", Keyword.STOP),
        ("START", Keyword.START),
        ("cancel", Keyword.STOP),
    ],
)
def test_a_business_adds_words_of_its_own(text: str, found: Keyword | None) -> None:
    assert keyword(text, OWN) is found


def test_start_cannot_be_made_a_stop() -> None:
    assert keyword("start", own_words("start", "")) is Keyword.START


@given(st.sampled_from(["stop", "stop please", "START", "info"]), st.text(max_size=60), st.text(max_size=60))
def test_own_words_take_none_of_everybodys_away(text: str, stop: str, start: str) -> None:
    for own in (own_words(stop, start), own_words(text, text)):
        assert keyword(text, own) is keyword(text)
