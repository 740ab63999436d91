import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseJsonObject, withMember } from '../../src/gateway/llm/json-body.ts'

const parse = (text: string | Buffer) => parseJsonObject(Buffer.from(text))

test('an object is read as JSON.parse reads it, whatever is in its strings', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 5 })), (value) => {
      const text = JSON.stringify(value)
      expect(parse(text)).toEqual(JSON.parse(text))
    }),
  )
  expect(parse('{"a":"\\\\","b":":{[\\"","c":1}')).toEqual({ a: '\\', b: ':{["', c: 1 })
})

test.each([
  ['a repeated member', '{"model":"a","model":"b"}'],
  ['a member repeated in another spelling', '{"model":"a","mod\\u0065l":"b"}'],
  ['a repeated member further in', '{"a":[{"b":1,"b":2}]}'],
  ['a list', '[]'],
  ['a string', '"a"'],
  ['nothing', ''],
  ['a second value', '{}{}'],
  ['a byte order mark', '\ufeff{}'],
  ['a comment', '{"a":1/* */}'],
  ['deep nesting', `{"a":${'['.repeat(65)}${']'.repeat(65)}}`],
])('a body that two readers could read differently is refused: %s', (_, text) => {
  expect(() => parse(text)).toThrow('body_invalid')
})

test('bytes that are no UTF-8 are refused', () => {
  expect(() => parse(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]))).toThrow('body_invalid')
})

test('setting a member leaves all other bytes as they were', () => {
  const body = Buffer.from(' { "seed" : 12345678901234567890, "x": 1.0 }')
  expect(withMember(body, parseJsonObject(body), 'max_tokens', 5).toString()).toBe(
    '{"max_tokens":5, "seed" : 12345678901234567890, "x": 1.0 }',
  )
  const nulled = Buffer.from('{"max_tokens":null,"x":1}')
  expect(JSON.parse(withMember(nulled, parseJsonObject(nulled), 'max_tokens', 5).toString())).toEqual({ max_tokens: 5, x: 1 })
})
