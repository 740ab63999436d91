import { formatSecret, type SecretKind, secretPrefixes } from '@keyward/contract/secret-format'
import { expect, test } from 'vitest'
import { scan } from './scanner.ts'

/** Keys of one `keyward run` open nothing anywhere else. */
const kinds = (Object.keys(secretPrefixes) as SecretKind[]).filter((kind) => kind !== 'runKey')
const random = (seed: number) => Uint8Array.from({ length: 32 }, (_, index) => (index * 89 + seed * 57 + 31) % 256)

test.each(kinds)('a %s as Keyward itself writes it is found, and one with a wrong checksum is not', (kind) => {
  const detector = expect.stringMatching(/^keyward-/)
  for (let seed = 0; seed < 20; seed++) {
    const secret = formatSecret(kind, random(seed))
    const found = scan(`VALUE=${secret}\n`, 'settings.env').filter(({ judgement }) => judgement.verdict === 'secret')
    expect(found.map((match) => match.detector.id)).toEqual([detector])
    const last = secret.endsWith('a') ? 'b' : 'a'
    const wrong = scan(`VALUE=${secret.slice(0, -1)}${last}\n`, 'settings.env').filter(({ judgement }) => judgement.verdict === 'secret')
    expect(wrong).toEqual([])
  }
})
