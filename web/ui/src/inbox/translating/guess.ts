/**
 * Which language a message is in, by its letters and by its commonest words; nothing is sent anywhere for it. It only
 * decides whether “Translate” stands below a message, so it may be wrong, and says so (null) where it cannot tell.
 */
const SCRIPTS: [RegExp, string[]][] = [
  [/\p{Script=Hiragana}|\p{Script=Katakana}/u, ['ja']],
  [/\p{Script=Han}/u, ['zh', 'ja']],
  [/\p{Script=Hangul}/u, ['ko']],
  [/\p{Script=Arabic}/u, ['ar', 'fa', 'ur']],
  [/\p{Script=Hebrew}/u, ['he']],
  [/\p{Script=Cyrillic}/u, ['ru', 'uk', 'bg', 'sr', 'be', 'kk', 'mk']],
  [/\p{Script=Greek}/u, ['el']],
  [/\p{Script=Devanagari}/u, ['hi', 'mr', 'ne']],
  [/\p{Script=Bengali}/u, ['bn']],
  [/\p{Script=Tamil}/u, ['ta']],
  [/\p{Script=Thai}/u, ['th']],
  [/\p{Script=Ethiopic}/u, ['am', 'ti']],
]

const COMMON: Record<string, string> = {
  en: 'the is are and you to of in my it for not this that with have has can where when what please thanks thank hello hi order yes no we on was do does how i',
  fr: 'le la les est et vous je ne pas pour dans une un des du que qui avec ma mon où bonjour merci salut votre commande combien est-ce au nous suis oui non ce',
  es: 'el la los las es y de que no en un una por para con mi dónde hola gracias pedido cuánto está estoy buenos días usted sí quiero se lo me',
  de: 'der die das und ist ich nicht ein eine zu mit wo wie mein meine bitte danke hallo guten bestellung kann sie wir auf für habe es ja nein',
  pt: 'o a os as e de que não em um uma por para com meu minha onde olá obrigado obrigada pedido quanto está estou bom dia você sim eu',
  it: 'il lo la gli è e di che non in un una per con mio mia dove ciao grazie ordine quanto sono buongiorno sì vorrei si mi',
  nl: 'de het een en is niet van ik je in met voor waar hoe mijn hallo hoi bedankt bestelling dank ja nee wij kan dat ook te',
  pl: 'i nie to jest w na się z do czy gdzie jak moje mój proszę dziękuję dzień dobry zamówienie tak mam za',
  tr: 've bir bu için ne nasıl nerede merhaba teşekkürler sipariş var yok değil lütfen benim mı mi',
  sw: 'na ya wa ni kwa habari asante tafadhali wapi yangu oda hapana ndiyo sasa bado',
  id: 'dan yang di ini itu saya tidak untuk dengan apa mana halo terima kasih pesanan berapa ada ya bisa',
}
const LINK = /\S+:\/\/\S+|\S+@\S+/g
const words = new Map(Object.entries(COMMON).map(([code, said]) => [code, new Set(said.split(' '))]))

/** Codes of the languages that it may be in; empty where nothing tells. */
export function guess(text: string): string[] {
  for (const [script, codes] of SCRIPTS) if (script.test(text)) return codes
  const said = text.replaceAll(LINK, ' ').toLowerCase().match(/[\p{L}’'-]+/gu) ?? []
  const found = [...words].map(([code, common]) => ({ code, hits: said.filter((word) => common.has(word)).length }))
  const most = Math.max(0, ...found.map(({ hits }) => hits))
  return most === 0 ? [] : found.filter(({ hits }) => hits === most).map(({ code }) => code)
}
