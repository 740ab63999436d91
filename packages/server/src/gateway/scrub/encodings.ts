/** What stands in an answer in place of a secret that the upstream echoed. Plain ASCII: it breaks neither JSON nor a header. */
export const mask = Buffer.from('[redacted by keyward]')

/** Shorter values can't be told from ordinary text. No provider issues such. */
const secretBytesMin = 4
/** An encoded form must be at least this long to be evidence. */
const formBytesMin = 8

/**
 * The forms in which an upstream, a proxy or a serialiser between us repeats a value by mistake: as it is; JSON-escaped (`\/`, `\u0026`, every
 * character as \uXXXX); percent-encoded (reserved characters, every byte); hex; base64 and base64url at each of the three alignments, without
 * the characters that depend on what stands beside it. (A hostile upstream can transform what it was given in endless ways: no filter of
 * bytes can stop that, and the threat model says so.)
 */
export function formsOf(secret: Uint8Array): Buffer[] {
  if (secret.length < secretBytesMin) return []
  const arena = new Arena(secret.length * arenaFactor + 64)
  const raw = arena.take(secret.length)
  raw.set(secret)
  const forms = [raw]
  if (hasSpecial(raw)) addEscaped(forms, raw)
  addHex(forms, raw, arena)
  for (let before = 0; before < 3; before++) addBase64(forms, raw, before, arena)
  return forms
}

/** 1 raw, 2 × (2 hex, 3 percent, 6 \\u), 3 × 3 base64 work and results, rounded up. */
const arenaFactor = 36

/** One allocation for all forms: a dozen small ones would cost more than the search itself. */
class Arena {
  readonly #bytes: Buffer
  #used = 0

  constructor(bytes: number) {
    this.#bytes = Buffer.allocUnsafeSlow(bytes)
  }

  take(bytes: number): Buffer {
    const start = this.#used
    this.#used += bytes
    return this.#bytes.subarray(start, this.#used)
  }
}

/** True where a serialiser could write the value in another way than as it is. */
function hasSpecial(raw: Buffer): boolean {
  for (const byte of raw) {
    const plain = (byte >= 48 && byte <= 57) || (byte >= 65 && byte <= 90) || (byte >= 97 && byte <= 122) || byte === 45 || byte === 95
    if (!plain) return true
  }
  return false
}

function addEscaped(forms: Buffer[], raw: Buffer): void {
  const json = JSON.stringify(raw.toString('utf8')).slice(1, -1)
  let percent = ''
  for (const byte of raw) percent += /[A-Za-z0-9\-._~]/.test(String.fromCharCode(byte)) ? String.fromCharCode(byte) : percentOf(byte)
  const texts = [json, json.replaceAll('/', '\\/'), json.replace(/[<>&]/g, unicode), json.replace(/[<>&+'"]/g, unicode)]
  texts.push(percent, percent.replace(/%[0-9A-F]{2}/g, lower))
  for (const text of new Set(texts)) {
    const form = Buffer.from(text, 'utf8')
    if (form.length >= formBytesMin && !form.equals(raw)) forms.push(form)
  }
}

/** Hex in both cases, each byte as `%73`, each as `\u0073`. */
function addHex(forms: Buffer[], raw: Buffer, arena: Arena): void {
  for (const digits of ['0123456789abcdef', '0123456789ABCDEF']) {
    const bare = arena.take(raw.length * 2)
    const percent = arena.take(raw.length * 3)
    const escaped = arena.take(raw.length * 6)
    for (let i = 0; i < raw.length; i++) {
      const byte = raw[i] ?? 0
      const high = digits.charCodeAt(byte >> 4)
      const low = digits.charCodeAt(byte & 15)
      bare[i * 2] = percent[i * 3 + 1] = escaped[i * 6 + 4] = high
      bare[i * 2 + 1] = percent[i * 3 + 2] = escaped[i * 6 + 5] = low
      percent[i * 3] = 37
      escaped[i * 6] = 92
      escaped[i * 6 + 1] = 117
      escaped[i * 6 + 2] = escaped[i * 6 + 3] = 48
    }
    forms.push(bare, percent, escaped)
  }
}

/** Base64 of the value behind `before` unknown bytes: the characters that depend on the value alone. */
function addBase64(forms: Buffer[], raw: Buffer, before: number, arena: Arena): void {
  const shifted = arena.take(before + raw.length)
  shifted.fill(0, 0, before)
  raw.copy(shifted, before)
  const encoded = shifted.toString('base64').slice(Math.ceil((before * 8) / 6), Math.floor(((before + raw.length) * 8) / 6))
  shifted.fill(0)
  if (encoded.length < formBytesMin) return
  forms.push(written(encoded, arena))
  if (encoded.includes('+') || encoded.includes('/')) forms.push(written(encoded.replaceAll('+', '-').replaceAll('/', '_'), arena))
}

function written(text: string, arena: Arena): Buffer {
  const form = arena.take(text.length)
  form.write(text, 'latin1')
  return form
}

function unicode(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}

function percentOf(byte: number): string {
  return `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
}

function lower(text: string): string {
  return text.toLowerCase()
}
