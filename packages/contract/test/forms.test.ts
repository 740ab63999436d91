import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { errorDefinitions } from '../src/errors.ts'
import { formatId, type IdKind, idPrefixes, idSchema } from '../src/ids.ts'
import { formatUsd, nanoPerDollar, parseUsd } from '../src/money.ts'
import { allPermissions, rolesFor } from '../src/permissions.ts'
import { allRoutes } from '../src/routes.ts'
import { formatSecret, isWellFormedSecret, type SecretKind, secretPrefixes } from '../src/secret-format.ts'

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })

describe('ids', () => {
  test('of every kind fit their schema and no other, and sort by time', () => {
    const kinds = Object.keys(idPrefixes) as IdKind[]
    fc.assert(
      fc.property(
        fc.constantFrom(...kinds),
        fc.integer({ min: 0, max: 2 ** 45 }),
        fc.integer({ min: 1, max: 1_000_000 }),
        bytes(10),
        (kind, at, later, random) => {
          const [first, second] = [formatId(kind, at, random), formatId(kind, at + later, random)]
          expect(kinds.filter((one) => idSchema(one).safeParse(first).success)).toEqual([kind])
          expect(first < second).toBe(true)
        },
      ),
    )
  })
})

describe('secrets', () => {
  test('are well-formed as their own kind alone, and one changed character is noticed', () => {
    const kinds = Object.keys(secretPrefixes) as SecretKind[]
    fc.assert(
      fc.property(fc.constantFrom(...kinds), bytes(32), fc.nat(), (kind, random, where) => {
        const secret = formatSecret(kind, random)
        expect(kinds.filter((one) => isWellFormedSecret(one, secret))).toEqual([kind])
        const at = 4 + (where % (secret.length - 4))
        const changed = secret.slice(0, at) + (secret[at] === 'a' ? 'b' : 'a') + secret.slice(at + 1)
        expect(isWellFormedSecret(kind, changed)).toBe(false)
      }),
    )
  })
})

describe('money', () => {
  test('goes from nano-dollars to text and back without losing one', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 1_000_000_000n * nanoPerDollar }), (nano) => {
        expect(parseUsd(formatUsd(nano))).toBe(nano)
      }),
    )
  })

  test.each(['-1', '+1', '1e3', '1.', '.5', '01', '1.0000000001', '1,5', ' 1', '1000000000.01', 'NaN', ''])('%j is no amount', (text) => {
    expect(parseUsd(text)).toBeUndefined()
  })
})

describe('the table of routes', () => {
  test('has no two routes of one id, or of one method and path', () => {
    const routes = allRoutes()
    expect(new Set(routes.map((route) => route.id)).size).toBe(routes.length)
    expect(new Set(routes.map((route) => `${route.method} ${route.path}`)).size).toBe(routes.length)
  })

  test('asks for every permission of the matrix somewhere, and every one of them names a role', () => {
    const asked = new Set(allRoutes().map((route) => route.access))
    expect(allPermissions().filter((permission) => !asked.has(permission))).toEqual([])
    for (const permission of allPermissions()) expect(rolesFor(permission)).toContain('admin')
  })

  test('has parameters for each part of its paths', () => {
    for (const route of allRoutes()) {
      const inPath = [...route.path.matchAll(/\{([a-z_]+)\}/g)].map(([, name]) => name)
      expect([route.id, Object.keys(route.params?.shape ?? {}).sort()]).toEqual([route.id, inPath.sort()])
    }
  })

  test('knows every code that its routes declare', () => {
    for (const route of allRoutes()) for (const code of route.errors) expect(Object.keys(errorDefinitions)).toContain(code)
  })
})
