import type { Check } from './check.ts'

/** The bytes between the armour lines (RFC 7468), also where the line ends are written `\n` or the text is quoted and joined. */
export function armouredBytes(text: string): Buffer {
  const body = text.replace(/^-----BEGIN [A-Z0-9 ]+-----/, '').replace(/-----END [A-Z0-9 ]+-----[\s\S]*$/, '')
  return Buffer.from(body.replace(/\\+[nrt]/g, '').replace(/[^A-Za-z0-9+/]/g, ''), 'base64')
}

/** A DER SEQUENCE whose length comes out, as PKCS#1, SEC 1 and PKCS#8 keys are. A cut or made-up body is refuted. */
export const pem: Check = (secret) => (isWholeSequence(armouredBytes(secret)) ? 'proved' : 'refuted')

function isWholeSequence(der: Buffer): boolean {
  if (der[0] !== 0x30) return false
  const first = der[1] ?? 0
  if (first < 0x80) return first >= 40 && der.length >= 2 + first && der.length <= 2 + first + 2
  const lengthBytes = first & 0x7f
  if (lengthBytes === 0 || lengthBytes > 2 || der.length < 2 + lengthBytes) return false
  const total = 2 + lengthBytes + der.readUIntBE(2, lengthBytes)
  return der.length >= total && der.length <= total + 2
}

/** OpenSSH's own container begins with `openssh-key-v1` and a zero byte (PROTOCOL.key). */
export const openssh: Check = (secret) => (armouredBytes(secret).toString('latin1', 0, 15) === 'openssh-key-v1\0' ? 'proved' : 'refuted')
