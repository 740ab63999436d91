import { describe, expect, test } from 'vitest'
import { hintOf } from '../../src/vault/hint.ts'
import { Secret } from '../../src/vault/secret.ts'

const hint = (text: string) => hintOf(Secret.of(text))
const run = 'FAKE0123456789EXAMPLE0123456789'

describe('a hint tells secrets apart and gives none away', () => {
  test.each([
    [`sk-proj-${run}abcd`, 'sk-proj-••••abcd'],
    [`sk-ant-api03-${run}wxyz`, 'sk-ant-api03-••••wxyz'],
    [`ghp_${run}1234`, 'ghp_••••1234'],
    [`${run}1234`, '••••1234'],
    ['sk-FAKE0123456789EXAMPLE', 'sk-••••'],
    ['FAKE-short', '••••'],
    ['', '••••'],
    ['Correct-horse-battery-staple', '••••aple'],
    ['a pass phrase with spaces and more words than one', '••••'],
    ['-----BEGIN EC PRIVATE KEY-----\nFAKE\n-----END EC PRIVATE KEY-----', 'EC PRIVATE KEY ••••'],
    ['{"type":"service_account","private_key":"FAKE"}', 'JSON ••••'],
    [`schlüssel${run}`, '••••'],
  ])('%j', (text, expected) => {
    expect(hint(text)).toBe(expected)
  })

  test('hides at least 20 characters of whatever is printable', () => {
    for (let length = 1; length < 80; length++) {
      const shown = hint('q'.repeat(length)).replace('••••', '')
      expect(shown === '' || length - shown.length >= 20).toBe(true)
    }
  })
})
