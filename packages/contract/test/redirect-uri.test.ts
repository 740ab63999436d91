import { expect, test } from 'vitest'
import { readUserCode, showUserCode } from '../src/device.ts'
import { isSameRedirect, redirectKind, refusedRedirect } from '../src/redirect-uri.ts'

test.each([
  'javascript:alert(1)',
  'JaVaScRiPt:alert(1)',
  'data:text/html,x',
  'file:///etc/passwd',
  'blob:https://app.example.com/x',
  'http://app.example.com/cb',
  'http://10.0.0.1/cb',
  'http://127.0.0.1.evil.example/cb',
  'https://user@app.example.com/cb',
  'https://app.example.com/cb#x',
  'https://app.example.com/cb#',
  '/cb',
  '//app.example.com/cb',
  'https://app.example.com/cb\n',
  'https://аpp.example.com/cb',
])('%j can be nobody’s redirect address', (text) => {
  expect(refusedRedirect(text)).toBeDefined()
})

test.each([
  ['https://app.example.com/cb?x=1', 'web'],
  ['http://127.0.0.1:4711/cb', 'loopback'],
  ['http://[::1]/cb', 'loopback'],
  ['http://localhost/cb', 'loopback'],
  ['cursor://anysphere.example/cb', 'app'],
  ['com.example.app:/cb', 'app'],
])('%j is a redirect address of the kind %s', (text, kind) => {
  expect(refusedRedirect(text)).toBeUndefined()
  expect(redirectKind(text)).toBe(kind)
})

test('RFC 8252 7.3: the port of a loopback address is free, and nothing else of any address is', () => {
  expect(isSameRedirect('http://127.0.0.1/cb', 'http://127.0.0.1:1/cb')).toBe(true)
  expect(isSameRedirect('http://127.0.0.1:1/cb', 'http://127.0.0.1:2/cb')).toBe(true)
  const others = [
    'http://127.0.0.1:1/cb/',
    'http://127.0.0.1:1/CB',
    'http://127.0.0.1:1/cb?x',
    'http://localhost:1/cb',
    'http://[::1]:1/cb',
  ]
  for (const other of [...others, 'http://127.0.0.1:99999/cb', 'http://127.0.0.1:1@evil.example/cb', 'https://127.0.0.1:1/cb'])
    expect([other, isSameRedirect('http://127.0.0.1/cb', other)]).toEqual([other, false])
  expect(isSameRedirect('https://app.example.com/cb', 'https://app.example.com:444/cb')).toBe(false)
  expect(isSameRedirect('app://x/cb', 'app://x:1/cb')).toBe(false)
})

test('a code is read however it is typed, and only in its own letters', () => {
  expect(readUserCode(' bcdf ghjk ')).toBe('BCDFGHJK')
  expect(showUserCode('BCDFGHJK')).toBe('BCDF-GHJK')
  for (const wrong of ['BCDF-GHJ', 'BCDF-GHJA', 'BCDF-GHJ0', 'BCDF-GHJKL', '']) expect(readUserCode(wrong)).toBeUndefined()
})
