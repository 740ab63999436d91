/**
 * Whether a text reads as words (`my-service-account`, `getRealtimeAPIKey`, `SOME_CONSTANT`, `docs/latest/guide`) rather than as random
 * characters: hardly a digit, four fifths of its letters in parts that can be spoken, and these of three to four letters or more on
 * average. Measured on random letters and digits: one string of 20 in 500 reads so, one of 32 in 5,000.
 */
export function isWords(text: string): boolean {
  const digits = text.replace(/\D/g, '').length
  if (digits > 2 && digits / text.length > 0.12) return false
  const parts = text.split(/[^A-Za-z]+|(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/).filter((part) => part !== '')
  const spoken = parts.filter(canBeSpoken)
  const letters = parts.join('').length
  const spokenLetters = spoken.join('').length
  const acronyms = spoken.filter((part) => /^[A-Z]{2,3}$/.test(part)).join('').length
  return spokenLetters >= letters * 0.8 && spokenLetters / spoken.length >= (digits === 0 ? 3.4 : 4) && acronyms <= letters * 0.35
}

/** A capital and small letters, or one case alone, with a vowel and no row of consonants that no language has; or an acronym. */
function canBeSpoken(part: string): boolean {
  if (/^[A-Z]{2,3}$/.test(part)) return true
  if (part.length < 2 || !/^(?:[A-Z]?[a-z]+|[A-Z]+)$/.test(part)) return false
  return /[aeiouy]/i.test(part) && !/[bcdfghjklmnpqrstvwxz]{5}|[aeiou]{4}|[jqvwxz][bcdfgjkmpqtvwxz]|q[^u]|[bcdfgkpt][jqvxz]/i.test(part)
}
