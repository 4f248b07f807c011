"""
What a stop, a start and a call for help are answered with, in the languages in which they are understood.

No advertisement stands in them, as the law wants it: who writes, what holds from now on, and the way back. In letters
that make a text message no dearer, where the language has them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Words:
    """`all`: after a stop of everything. `offers`: after one of marketing. `start`: a stop was taken back."""

    all: str
    offers: str
    start: str
    help: str = ""


WORDS: Final[Mapping[str, Words]] = {
    "en": Words(
        "You have been unsubscribed and will get no more messages from us. Reply START to get them again.",
        "You have been unsubscribed and will get no more offers from us. Reply START to get them again.",
        "Your stop is taken back: we may write to you again. Reply STOP to end it.",
    ),
    "fr": Words(
        "Vous êtes désinscrit(e) et ne recevrez plus de messages de notre part. Répondez START pour en recevoir.",
        "Vous êtes désinscrit(e) et ne recevrez plus d'offres de notre part. Répondez START pour en recevoir.",
        "Votre arrêt est annulé : nous pouvons de nouveau vous écrire. Répondez STOP pour y mettre fin.",
        "écrivez-nous ici, une personne vous répond. Répondez STOP pour ne plus recevoir de messages.",
    ),
    "es": Words(
        "Se ha dado de baja y no recibirá más mensajes nuestros. Responda START para volver a recibirlos.",
        "Se ha dado de baja y no recibirá más ofertas nuestras. Responda START para volver a recibirlas.",
        "Su baja queda anulada: podemos volver a escribirle. Responda STOP para terminar.",
        "escríbanos aquí y le responde una persona. Responda STOP para no recibir más mensajes.",
    ),
    "pt": Words(
        "A sua inscrição foi cancelada: não receberá mais mensagens nossas. Responda START para voltar a recebê-las.",
        "A sua inscrição foi cancelada: não receberá mais ofertas nossas. Responda START para voltar a recebê-las.",
        "O seu cancelamento foi anulado: podemos voltar a escrever-lhe. Responda STOP para terminar.",
        "escreva-nos aqui e uma pessoa responde. Responda STOP para não receber mais mensagens.",
    ),
    "de": Words(
        "Sie sind abgemeldet und erhalten keine Nachrichten mehr von uns. Mit START erhalten Sie sie wieder.",
        "Sie sind abgemeldet und erhalten keine Angebote mehr von uns. Mit START erhalten Sie sie wieder.",
        "Ihre Abmeldung ist aufgehoben: Wir dürfen Ihnen wieder schreiben. Mit STOP beenden Sie es.",
        "Schreiben Sie uns hier, ein Mensch antwortet. Mit STOP beenden Sie die Nachrichten.",
    ),
    "it": Words(
        "La sua iscrizione è annullata: non riceverà più nostri messaggi. Risponda START per riceverli di nuovo.",
        "La sua iscrizione è annullata: non riceverà più nostre offerte. Risponda START per riceverle di nuovo.",
        "Il suo annullamento è revocato: possiamo scriverle di nuovo. Risponda STOP per terminare.",
        "ci scriva qui e le risponde una persona. Risponda STOP per non ricevere più messaggi.",
    ),
    "nl": Words(
        "U bent afgemeld en krijgt geen berichten meer van ons. Antwoord START om ze weer te krijgen.",
        "U bent afgemeld en krijgt geen aanbiedingen meer van ons. Antwoord START om ze weer te krijgen.",
        "Uw afmelding is ongedaan gemaakt: wij mogen u weer schrijven. Antwoord STOP om te stoppen.",
    ),
    "sw": Words(
        "Umejiondoa na hutapata tena ujumbe kutoka kwetu. Jibu START ili kuupata tena.",
        "Umejiondoa na hutapata tena ofa kutoka kwetu. Jibu START ili kuzipata tena.",
        "Ombi lako la kusitisha limeondolewa: tunaweza kukuandikia tena. Jibu STOP kusitisha.",
    ),
    "ar": Words(
        "تم إلغاء اشتراكك ولن تصلك رسائل منا بعد الآن. أرسل START لاستلامها من جديد.",
        "تم إلغاء اشتراكك ولن تصلك عروض منا بعد الآن. أرسل START لاستلامها من جديد.",
        "تم التراجع عن الإلغاء ويمكننا مراسلتك من جديد. أرسل STOP للإيقاف.",
    ),
    "ru": Words(
        "Вы отписаны и больше не будете получать от нас сообщений. Ответьте START, чтобы получать их снова.",
        "Вы отписаны и больше не будете получать от нас предложений. Ответьте START, чтобы получать их снова.",
        "Отписка отменена: мы снова можем вам писать. Ответьте STOP, чтобы прекратить.",
    ),
    "uk": Words(
        "Вас відписано, ви більше не отримуватимете від нас повідомлень. Надішліть START, щоб отримувати їх знову.",
        "Вас відписано, ви більше не отримуватимете від нас пропозицій. Надішліть START, щоб отримувати їх знову.",
        "Відписку скасовано: ми знову можемо вам писати. Надішліть STOP, щоб припинити.",
    ),
    "pl": Words(
        "Wypisano Cię: nie otrzymasz od nas więcej wiadomości. Odpowiedz START, aby je znów otrzymywać.",
        "Wypisano Cię: nie otrzymasz od nas więcej ofert. Odpowiedz START, aby je znów otrzymywać.",
        "Rezygnację cofnięto: możemy znów do Ciebie pisać. Odpowiedz STOP, aby to zakończyć.",
    ),
    "cs": Words(
        "Jste odhlášeni a další zprávy od nás nedostanete. Odpovězte START a budete je dostávat znovu.",
        "Jste odhlášeni a další nabídky od nás nedostanete. Odpovězte START a budete je dostávat znovu.",
        "Odhlášení je zrušeno: můžeme vám znovu psát. Odpovězte STOP a skončíme.",
    ),
    "hu": Words(
        "Leiratkozott, nem küldünk több üzenetet. Válaszoljon START szóval, ha újra kérné.",
        "Leiratkozott, nem küldünk több ajánlatot. Válaszoljon START szóval, ha újra kérné.",
        "A leiratkozást visszavontuk: újra írhatunk Önnek. A STOP szóval véget vethet ennek.",
    ),
    "ro": Words(
        "V-ați dezabonat și nu veți mai primi mesaje de la noi. Răspundeți START pentru a le primi din nou.",
        "V-ați dezabonat și nu veți mai primi oferte de la noi. Răspundeți START pentru a le primi din nou.",
        "Dezabonarea a fost anulată: vă putem scrie din nou. Răspundeți STOP pentru a opri.",
    ),
    "tr": Words(
        "Aboneliğiniz sona erdi, bizden artık mesaj almayacaksınız. Yeniden almak için START yazın.",
        "Aboneliğiniz sona erdi, bizden artık kampanya mesajı almayacaksınız. Yeniden almak için START yazın.",
        "İptaliniz geri alındı: size yeniden yazabiliriz. Durdurmak için STOP yazın.",
    ),
    "sv": Words(
        "Du är avregistrerad och får inga fler meddelanden från oss. Svara START för att få dem igen.",
        "Du är avregistrerad och får inga fler erbjudanden från oss. Svara START för att få dem igen.",
        "Ditt stopp är upphävt: vi får skriva till dig igen. Svara STOP för att avsluta.",
    ),
    "no": Words(
        "Du er avmeldt og får ikke flere meldinger fra oss. Svar START for å få dem igjen.",
        "Du er avmeldt og får ikke flere tilbud fra oss. Svar START for å få dem igjen.",
        "Avmeldingen er opphevet: vi kan skrive til deg igjen. Svar STOP for å avslutte.",
    ),
    "da": Words(
        "Du er afmeldt og får ikke flere beskeder fra os. Svar START for at få dem igen.",
        "Du er afmeldt og får ikke flere tilbud fra os. Svar START for at få dem igen.",
        "Afmeldingen er ophævet: vi må skrive til dig igen. Svar STOP for at stoppe.",
    ),
    "fi": Words(
        "Tilauksesi on lopetettu, etkä saa meiltä enää viestejä. Vastaa START, jos haluat niitä taas.",
        "Tilauksesi on lopetettu, etkä saa meiltä enää tarjouksia. Vastaa START, jos haluat niitä taas.",
        "Lopetus on peruttu: voimme taas kirjoittaa sinulle. Vastaa STOP lopettaaksesi.",
    ),
    "el": Words(
        "Διαγραφήκατε και δεν θα λαμβάνετε άλλα μηνύματα από εμάς. Απαντήστε START για να τα λαμβάνετε ξανά.",
        "Διαγραφήκατε και δεν θα λαμβάνετε άλλες προσφορές από εμάς. Απαντήστε START για να τις λαμβάνετε ξανά.",
        "Η διαγραφή ανακλήθηκε: μπορούμε να σας γράφουμε ξανά. Απαντήστε STOP για διακοπή.",
    ),
    "he": Words(
        "הוסרת מרשימת התפוצה ולא יישלחו אליך עוד הודעות מאיתנו. להצטרפות מחדש יש להשיב START.",
        "הוסרת מרשימת התפוצה ולא יישלחו אליך עוד הצעות מאיתנו. להצטרפות מחדש יש להשיב START.",
        "ההסרה בוטלה: אנחנו יכולים לכתוב אליך שוב. להפסקה יש להשיב STOP.",
    ),
    "hi": Words(
        "आपकी सदस्यता समाप्त कर दी गई है; अब आपको हमसे कोई संदेश नहीं मिलेगा। फिर से पाने के लिए START लिखें।",
        "आपकी सदस्यता समाप्त कर दी गई है; अब आपको हमसे कोई ऑफ़र नहीं मिलेगा। फिर से पाने के लिए START लिखें।",
        "आपकी रोक हटा दी गई है: हम आपको फिर लिख सकते हैं। बंद करने के लिए STOP लिखें।",
    ),
    "zh": Words(
        "您已退订，我们不会再给您发送消息。回复 START 可重新接收。",
        "您已退订，我们不会再给您发送优惠信息。回复 START 可重新接收。",
        "已取消退订：我们可以再次给您发送消息。回复 STOP 可停止。",
    ),
    "ja": Words(
        "配信を停止しました。今後メッセージはお送りしません。再開するには START と返信してください。",
        "配信を停止しました。今後ご案内はお送りしません。再開するには START と返信してください。",
        "停止を取り消しました。再びご連絡することがあります。停止するには STOP と返信してください。",
    ),
    "ko": Words(
        "수신이 거부되어 더 이상 메시지를 보내지 않습니다. 다시 받으려면 START를 보내 주세요.",
        "수신이 거부되어 더 이상 광고를 보내지 않습니다. 다시 받으려면 START를 보내 주세요.",
        "수신 거부가 취소되어 다시 연락드릴 수 있습니다. 중지하려면 STOP을 보내 주세요.",
    ),
    "id": Words(
        "Anda telah berhenti berlangganan dan tidak akan menerima pesan lagi dari kami. Balas START untuk menerimanya.",
        "Anda telah berhenti berlangganan dan tidak akan menerima promo lagi dari kami. Balas START untuk menerimanya.",
        "Penghentian dibatalkan: kami dapat menulis kepada Anda lagi. Balas STOP untuk berhenti.",
    ),
    "vi": Words(
        "Bạn đã hủy đăng ký và sẽ không nhận tin nhắn từ chúng tôi nữa. Trả lời START để nhận lại.",
        "Bạn đã hủy đăng ký và sẽ không nhận ưu đãi từ chúng tôi nữa. Trả lời START để nhận lại.",
        "Yêu cầu dừng đã được hủy: chúng tôi có thể nhắn cho bạn. Trả lời STOP để dừng.",
    ),
    "th": Words(
        "คุณยกเลิกการรับข้อความแล้ว เราจะไม่ส่งข้อความถึงคุณอีก ตอบ START หากต้องการรับอีกครั้ง",
        "คุณยกเลิกการรับข้อเสนอแล้ว เราจะไม่ส่งข้อเสนอถึงคุณอีก ตอบ START หากต้องการรับอีกครั้ง",
        "ยกเลิกการหยุดแล้ว เราส่งข้อความถึงคุณได้อีกครั้ง ตอบ STOP เพื่อหยุด",
    ),
}


def in_language(language: str) -> Words:
    """English where a language has none of its own."""
    return WORDS.get(language, WORDS["en"])
