/** How many SMS a text becomes. GSM 03.38: 7-bit alphabet with an escape table, else UCS-2. */

const BASIC = new Set(
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ ÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà',
)
/** Each costs two septets, and a pair is never divided between two segments. */
const EXTENDED = new Set('\f^{}\\[~]|€')

const GSM_SINGLE = 160
const GSM_PART = 153
const UCS2_SINGLE = 70
const UCS2_PART = 67

export interface Segments {
  encoding: 'GSM-7' | 'UCS-2'
  segments: number
  /** septets or UTF-16 units used */
  chars: number
  per_segment: number
}

export function countSegments(text: string): Segments {
  const gsm = septets(text)
  if (gsm) return pack(gsm, 'GSM-7', GSM_SINGLE, GSM_PART)
  return pack(Array.from(text, (character) => character.length), 'UCS-2', UCS2_SINGLE, UCS2_PART)
}

function septets(text: string): number[] | null {
  const widths: number[] = []
  for (const character of text) {
    if (BASIC.has(character)) widths.push(1)
    else if (EXTENDED.has(character)) widths.push(2)
    else return null
  }
  return widths
}

function pack(widths: number[], encoding: Segments['encoding'], single: number, part: number): Segments {
  const chars = widths.reduce((sum, width) => sum + width, 0)
  if (chars <= single) return { encoding, segments: chars === 0 ? 0 : 1, chars, per_segment: single }
  let segments = 1
  let used = 0
  for (const width of widths) {
    if (used + width > part) {
      segments += 1
      used = 0
    }
    used += width
  }
  return { encoding, segments, chars, per_segment: part }
}
