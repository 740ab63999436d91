/** Characters that a person can't see or would read as something else. */
const unseen = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Zs}\p{Co}\p{Cn}\p{Cs}]/u
const scripts = ['Latin', 'Cyrillic', 'Greek', 'Armenian', 'Cherokee', 'Coptic', 'Georgian', 'Hebrew', 'Arabic', 'Hangul', 'Han'] as const
const scriptForms = scripts.map((name) => ({ name, form: new RegExp(`\\p{Script=${name}}`, 'u') }))

/**
 * Why a value is not what it seems to be: invisible characters, letters of two scripts in one value, forms that read like another
 * character. Undefined where it reads as it is.
 * @param asciiOnly the issuer's names are ASCII, so that any other character is a look-alike
 */
export function lookAlike(text: string, asciiOnly: boolean): string | undefined {
  const strange = unseen.exec(text.replaceAll(' ', ''))?.[0]
  if (strange !== undefined) return `holds ${charName(strange)}, which cannot be seen: type the value anew`
  if (text !== text.trim()) return 'begins or ends with a space: remove it'
  const other = /[^\x20-\x7e]/u.exec(text)?.[0]
  if (other === undefined) return undefined
  if (asciiOnly) return `holds ${charName(other)}, which this issuer's names never do; it may look like another letter: type the value anew`
  const used = scriptForms.filter(({ form }) => form.test(text)).map(({ name }) => name)
  if (used.length > 1)
    return `mixes letters of ${used.join(' and ')} (${charName(other)}), as names do that are to pass for another: type the value anew`
  if (text.normalize('NFKC') !== text) return `holds ${charName(other)}, which reads like another character: type the value anew`
  return undefined
}

function charName(char: string): string {
  const point = (char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')
  return unseen.test(char) ? `U+${point}` : `"${char}" (U+${point})`
}
