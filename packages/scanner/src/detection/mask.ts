/** Secrets shorter than this are not shown in any part. */
const shownFromChars = 20

/**
 * A form in which people recognise a secret and nobody can use it: the issuer's prefix and the last two characters of long ones, nothing of
 * short ones. Never more than a third of the secret.
 */
export function mask(secret: string): string {
  if (secret.startsWith('-----BEGIN')) return `${/^-----BEGIN [A-Z0-9 ]{1,40}-----/.exec(secret)?.[0] ?? '-----BEGIN'}…`
  if (secret.length < shownFromChars) return '•'.repeat(8)
  const prefix = prefixOf(secret).slice(0, Math.floor(secret.length / 4))
  return `${prefix}…${printable(secret.slice(-2))} (${secret.length} characters)`
}

/** What the issuer puts before the random part: up to the last separator among the first characters, else two. */
function prefixOf(secret: string): string {
  const marked = /^[A-Za-z][A-Za-z0-9]{0,9}(?:[-_][A-Za-z0-9]{1,8}){0,2}[-_.](?=[A-Za-z0-9+/])/.exec(secret)?.[0]
  const known = marked !== undefined && marked.length <= 16 ? marked : secret.slice(0, 4)
  return printable(known)
}

function printable(text: string): string {
  return text.replace(/[^\x21-\x7e]/g, '·')
}

/** A line as it may be shown: control characters, which could rewrite a terminal, are made visible. */
export function harmless(text: string): string {
  return text.replace(
    /[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/g,
    (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`,
  )
}
