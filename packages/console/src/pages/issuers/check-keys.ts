/*
 * A first look at keys that were pasted, in the browser: what is no key, or a private one, is said at once and not sent. Whether a key is
 * strong enough, the server decides.
 */

export type CheckedKeys =
  | { readonly ok: true; readonly says: string; readonly keys: readonly Record<string, unknown>[] }
  | { readonly ok: false; readonly says: string }

const keysMax = 50
const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k']
const shownMax = 4

/** A JWKS, its `keys` alone, or one JWK. `bundle`: with the `use` that SPIFFE asks for. */
export function checkJwks(text: string, kind: 'jwks' | 'bundle' = 'jwks'): CheckedKeys {
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) return privateKey
  if (/-----BEGIN /.test(text)) return { ok: false, says: 'This is PEM. Keys are asked for as JSON, such as {"keys": [ … ]}.' }
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    return { ok: false, says: 'This is not JSON. Paste the document whole: it begins with { and ends with }.' }
  }
  const list = listOf(parsed)
  if (list === undefined || list.length === 0)
    return { ok: false, says: 'This holds no keys. It should look like {"keys": [{"kty": "EC", …}]}.' }
  if (list.length > keysMax) return { ok: false, says: `These are ${list.length} keys: ${keysMax} at most.` }
  for (const [at, key] of list.entries()) {
    const which = list.length === 1 ? 'The key' : `Key ${at + 1}`
    if (!isObject(key) || typeof key.kty !== 'string') return { ok: false, says: `${which} has no kty, so it is no JWK.` }
    if (privateMembers.some((member) => member in key)) return privateKey
    if (!['EC', 'OKP', 'RSA'].includes(key.kty)) return { ok: false, says: `${which} is of type ${key.kty}: EC, OKP and RSA count.` }
    if (kind === 'bundle' && key.use !== 'jwt-svid' && key.use !== 'x509-svid')
      return { ok: false, says: `${which} has no use of jwt-svid or x509-svid: paste the SPIFFE bundle, not a plain JWKS.` }
  }
  const keys = list as Record<string, unknown>[]
  return { ok: true, says: `${counted(keys.length, 'public key')}: ${named(keys.map(keyText))}`, keys }
}

/** One or more certificates. Their envelope is looked at; what stands in them, the server reads. */
export function checkPem(text: string): CheckedKeys {
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) return privateKey
  const blocks = [...text.matchAll(/-----BEGIN CERTIFICATE-----([\s\S]*?)-----END CERTIFICATE-----/g)]
  if (blocks.length === 0)
    return { ok: false, says: 'This is no certificate in PEM: it begins with -----BEGIN CERTIFICATE----- and has an end like it.' }
  if ((text.match(/-----BEGIN /g) ?? []).length !== blocks.length)
    return { ok: false, says: 'One of the blocks is no certificate, or has no end.' }
  if (!/^\s*-----BEGIN CERTIFICATE-----/.test(text)) return { ok: false, says: 'Something stands before the first certificate: remove it.' }
  for (const [at, [, body = '']] of blocks.entries())
    if (!isDerSequence(body)) return { ok: false, says: `Certificate ${at + 1} is cut short or damaged: copy it again, whole.` }
  return { ok: true, says: counted(blocks.length, 'certificate'), keys: [] }
}

const privateKey: CheckedKeys = {
  ok: false,
  says: 'This is a private key, and was not sent. It has been shown now: make a new key pair, and paste only the public half.',
}

function listOf(parsed: unknown): unknown[] | undefined {
  if (Array.isArray(parsed)) return parsed
  if (!isObject(parsed)) return undefined
  if (Array.isArray(parsed.keys)) return parsed.keys
  return 'kty' in parsed ? [parsed] : undefined
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function keyText(key: Record<string, unknown>): string {
  const type = [key.kty, key.crv].filter((part) => typeof part === 'string').join(' ')
  return typeof key.kid === 'string' && key.kid !== '' ? `${type} “${key.kid.slice(0, 24)}”` : type
}

function named(texts: readonly string[]): string {
  const rest = texts.length - shownMax
  return texts.slice(0, shownMax).join(', ') + (rest > 0 ? ` and ${rest} more` : '')
}

function counted(number: number, one: string): string {
  return `${number} ${number === 1 ? one : `${one}s`}`
}

/** DER of a certificate: a SEQUENCE whose length is that of what follows. */
function isDerSequence(base64: string): boolean {
  let bytes: string
  try {
    bytes = atob(base64.replaceAll(/\s+/g, ''))
  } catch {
    return false
  }
  const at = (index: number) => bytes.charCodeAt(index)
  if (bytes.length < 64 || at(0) !== 0x30) return false
  const first = at(1)
  if (first < 0x80) return bytes.length === 2 + first
  const lengthBytes = first & 0x7f
  if (lengthBytes < 1 || lengthBytes > 3) return false
  let length = 0
  for (let index = 0; index < lengthBytes; index++) length = length * 256 + at(2 + index)
  return bytes.length === 2 + lengthBytes + length
}
