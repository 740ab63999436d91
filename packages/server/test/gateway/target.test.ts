import { expect, test } from 'vitest'
import { pathFits } from '../../src/gateway/http/paths.ts'
import { modelAllowed } from '../../src/gateway/llm/models.ts'
import { parseTarget } from '../../src/gateway/target.ts'

test('an address passes as the bytes that it came in', () => {
  expect(parseTarget('/g/openai/v1/files/file-1/content?limit=1&after=a%20b')).toEqual({
    name: 'openai',
    path: '/v1/files/file-1/content',
    query: '?limit=1&after=a%20b',
  })
  expect(parseTarget('/g/crm')).toEqual({ name: 'crm', path: '/', query: '' })
  expect(parseTarget('/g/crm/a%20b/%C3%A9')?.path).toBe('/a%20b/%C3%A9')
})

test.each([
  ['dot segments', '/g/crm/a/../b'],
  ['a dot segment at the end', '/g/crm/a/..'],
  ['a single dot', '/g/crm/./a'],
  ['dots with a parameter', '/g/crm/a/..;/b'],
  ['encoded dots', '/g/crm/a/%2e%2E/b'],
  ['half encoded dots', '/g/crm/a/.%2e/b'],
  ['an encoded slash', '/g/crm/a%2fb'],
  ['an encoded backslash', '/g/crm/a%5cb'],
  ['a doubly encoded slash', '/g/crm/a%252fb'],
  ['a backslash', '/g/crm/a\\b'],
  ['empty segments', '/g/crm//a'],
  ['an encoded line break', '/g/crm/a%0d%0ab'],
  ['an encoded null', '/g/crm/a%00'],
  ['a half escape', '/g/crm/a%2'],
  ['a control character', '/g/crm/a\tb'],
  ['a fragment', '/g/crm/a#b'],
  ['the absolute form', 'http://other.example/g/crm/a'],
  ['another prefix', '/x/crm/a'],
  ['an upper-case name', '/g/CRM/a'],
  ['no name', '/g//a'],
  ['dots in place of a name', '/g/../a'],
  ['a character beyond ASCII', '/g/crm/é'],
  ['a backslash in the query', '/g/crm/a?b=\\'],
  ['more than is sensible', `/g/crm/${'a'.repeat(9_000)}`],
])('an address that could mean another path is refused: %s', (_, address) => {
  expect(parseTarget(address)).toBeUndefined()
})

test('a grant for a path allows that path and no other', () => {
  expect(pathFits('/v1/customers/7', '/v1/customers/*')).toBe(true)
  expect(pathFits('/v1/customers', '/v1/customers/*')).toBe(false)
  expect(pathFits('/v1/customers/', '/v1/customers/*')).toBe(false)
  expect(pathFits('/v1/customers/7/notes', '/v1/customers/*')).toBe(false)
  expect(pathFits('/v1/customers/7/notes', '/v1/customers/**')).toBe(true)
  expect(pathFits('/v1/customers', '/v1/customers/**')).toBe(true)
  expect(pathFits('/v1/customersandmore', '/v1/customers/**')).toBe(false)
  expect(pathFits('/anything/at/all', '/**')).toBe(true)
  expect(pathFits('/V1/customers/7', '/v1/customers/*')).toBe(false)
})

test('a model pattern allows the model, or what begins so where a star ends it', () => {
  expect(modelAllowed('gpt-4o', ['gpt-4o'])).toBe(true)
  expect(modelAllowed('gpt-4o-mini', ['gpt-4o'])).toBe(false)
  expect(modelAllowed('gpt-4o-mini', ['gpt-4o*'])).toBe(true)
  expect(modelAllowed('o3', ['gpt-*'])).toBe(false)
  expect(modelAllowed('anything', ['*'])).toBe(true)
  expect(modelAllowed('anything', [])).toBe(false)
})
