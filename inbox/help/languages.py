"""Languages of articles: how their words are stemmed, and which of their words say nothing about what is looked for."""

import re
from collections.abc import Mapping

CODE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})?")
RIGHT_TO_LEFT = frozenset(("ar", "fa", "he", "ur"))

_STEMMED: Mapping[str, str] = {
    "ca": "catalan",
    "cs": "czech",
    "da": "danish",
    "de": "german",
    "en": "english",
    "eo": "esperanto",
    "es": "spanish",
    "et": "estonian",
    "eu": "basque",
    "fi": "finnish",
    "fr": "french",
    "ga": "irish",
    "hu": "hungarian",
    "id": "indonesian",
    "it": "italian",
    "lt": "lithuanian",
    "nb": "norwegian",
    "nl": "dutch",
    "no": "norwegian",
    "pl": "polish",
    "pt": "portuguese",
    "ro": "romanian",
    "sv": "swedish",
    "tr": "turkish",
}
# Folded as words are: small letters without accents.
_FUNCTION_WORDS: Mapping[str, str] = {
    "en": (
        "a about again all also am an and any are as at be been but by can could did do does for from get had has have "
        "hello hey hi how i i'm i've if in is isn't it it's just me my no not of on or our out please she should so "
        "some thank thanks that the their them then there they this to too up want was we what when where which who "
        "why will with would yes you your"
    ),
    "fr": (
        "a ai alors as au aux avec avez avons bonjour c'est ca ce ces cette comment dans de des du elle en est et etre "
        "eu faire il ils j'ai je l la le les leur ma mais me merci mes moi mon ne non nous on ont ou oui par pas peut "
        "peux plus pour pourquoi qu'est que quel quelle qui sa se ses si son sont sur ta tes toi ton tu un une va vos "
        "votre vous y"
    ),
    "de": (
        "aber als am an auch auf aus bei bin bitte bis da danke das dass dem den der des die dir doch du ein eine "
        "einen einer eines er es fur hallo habe haben hat ich ihr im in ist ja kann konnen man mein meine meinen mich "
        "mir mit nach nein nicht noch oder sein sich sie sind so uber um und uns von war was wann warum wenn wer wie "
        "wir wird wo zu zum zur"
    ),
    "es": (
        "a al como con cual cuando de del donde el ella ellos en es esta estan este esto gracias ha hacer hay he hola "
        "la las le les lo los me mi mis muy no nos o para pero por porque puede puedo que quien se si sin sobre son "
        "su sus te tengo tiene tu un una unos usted y ya yo"
    ),
    "pt": (
        "a ao aos as com como da das de do dos e ela ele eles em e esta este estou eu fazer foi ha isso ja la mais mas "
        "me meu minha muito na nao nas no nos o obrigada obrigado oi ola onde os ou para pela pelo por porque posso "
        "qual quando que quem se sem ser seu sim sua tem tenho um uma voce"
    ),
    "it": (
        "a ai al alla anche avete che chi ciao come con cosa da dal dei del della di dove e ed era gli grazie ha hai "
        "ho i il in io la le lo ma mi mia mio nel nella no noi non o per perche piu posso puo quale quando questa "
        "questo se si sono su sul ti tu un una uno vi voi"
    ),
    "nl": (
        "aan al als bedankt bij dan dat de deze die dit door een en er ga geen hallo heb hebben heeft het hij hoe ik "
        "in is je kan kunnen maar me met mij mijn na naar niet nog of om ons ook op over te tot u uit uw van voor waar "
        "waarom wanneer was wat we wel wie wij wil worden zijn zo"
    ),
}
_SAYS_NOTHING = {language: frozenset(words.split()) for language, words in _FUNCTION_WORDS.items()}


def stemmer_of(language: str) -> str:
    """The algorithm for words in Latin letters; empty for a language whose words stay as they are."""
    return _STEMMED.get(language.partition("-")[0], "")


def says_nothing(folded: str, language: str) -> bool:
    return folded in _SAYS_NOTHING.get(language.partition("-")[0], frozenset())


def best(wanted: str | None, offered: tuple[str, ...]) -> str:
    """What is offered for somebody who speaks this: the same, else the same without its region, else the first."""
    asked = (wanted or "").strip().lower().replace("_", "-")
    if asked in offered:
        return asked
    spoken = asked.partition("-")[0]
    return next((each for each in offered if spoken and each.partition("-")[0] == spoken), offered[0])
