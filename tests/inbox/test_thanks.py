"""Closing words: a table in many languages, and what must never be taken for one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.content import Location, Text
from inbox.closing import thanks

CLOSING = """
Thanks
thank you!!
Thank you so much for your help 🙏
thx
ok
Ok thanks
OK, got it 👍🏽
👍
🙏🙏
❤️
Thanksssss
great, thanks a lot :)
No thanks
That's all, thank you
Perfect!
bye
Have a nice day!
Gracias
¡Muchas gracias por su ayuda!
vale, gracias
Merci beaucoup
D'accord, merci
C'est parfait, merci !
Danke schön
Vielen Dank für die schnelle Antwort
Alles klar, danke
Obrigada
Muito obrigado pela ajuda
valeu 🤝
Grazie mille
va bene, grazie
Dank je wel
Dziękuję bardzo
Teşekkür ederim
tamam, çok teşekkürler
Asante sana
sawa
Terima kasih banyak
Medaase paa
شكرا جزيلا
تمام شكرا
धन्यवाद
ठीक है
Спасибо большое!
понятно, спасибо
Дякую
谢谢
好的，谢谢
ありがとうございます。
了解です！
감사합니다
네, 감사합니다!
<3
You're the best ❤️
bye 👋
Obrigado, bom dia
grazie, ciao
Asante kwa msaada
Teşekkürler, iyi günler
""".strip().splitlines()
NOT_CLOSING = """
Thanks?
ok?
¿Gracias
شكرا؟
Thanks, but it still does not work
thank you for nothing
not ok
no
Yes
ok cancel it
thanks 2
Order 4711
5
👎
😡
thanks 😡
Thanks. When will it arrive
hello
ok https://example.com/x
thanks me@example.com
Gracias pero no funciona
Danke, aber es geht nicht
Merci mais je n'ai rien reçu
谢谢，但是还没有收到
so much
for your help
the
your service
ok ok ok ok ok ok ok ok ok
спасибо, но не работает
stop
help
help thanks
Support, thanks
ok help
ok and my answer
Hilfe bitte
Antwort bitte!
ok bitte
ayuda gracias
Aide, merci
aiuto grazie
помощь, спасибо
Bom dia
Boa tarde, tudo bem
Ciao
buenas noches
iyi günler
👋
""".strip().splitlines()


@pytest.mark.parametrize("text", CLOSING)
def test_closing_words(text: str) -> None:
    assert thanks.is_closing(Text(text=text))


@pytest.mark.parametrize("text", [*NOT_CLOSING, "", "thanks " * 12, "thanks for your help " * 3])
def test_everything_else_reopens(text: str) -> None:
    assert not thanks.is_closing(Text.model_construct(type="text", text=text))


def test_what_is_no_text_is_none() -> None:
    assert not thanks.is_closing(Location(latitude=1, longitude=1))


@given(before=st.sampled_from(CLOSING), what=st.sampled_from(["?", " 7", " refund", "؟", " 🤬"]))
def test_one_thing_more_and_it_reopens(before: str, what: str) -> None:
    assert not thanks.is_closing(Text(text=before + what))


@given(st.text(min_size=1, max_size=80))
def test_any_text_gets_an_answer(text: str) -> None:
    found = thanks.is_closing(Text(text=text))
    assert not (found and any(c in text for c in "?0123456789"))
