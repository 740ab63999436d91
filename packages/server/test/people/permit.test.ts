import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { allPermissions, rolesFor } from '@keyward/contract/permissions'
import { printPermissions } from '@keyward/contract/print-permissions'
import { type Role, roles } from '@keyward/contract/words'
import { describe, expect, test } from 'vitest'
import { authorise, Permit, permissionsOf, requireFresh } from '../../src/people/permit.ts'
import type { Principal } from '../../src/people/principal.ts'

const now = new Date()
const principal = (...bindings: { role: Role; team?: string; environment?: string }[]): Principal => ({
  user: { id: 'usr_a', name: 'A', email: null, builtIn: false },
  roles: bindings,
  proof: { kind: 'session', id: 'ses_a', method: 'password', authenticatedAt: now, expiresAt: now, fresh: true },
})

describe('a permit', () => {
  test('is given for exactly what the matrix allows each role', () => {
    for (const role of roles) {
      for (const permission of allPermissions()) {
        const may = () => authorise(principal({ role }), permission)
        if (rolesFor(permission).includes(role)) expect(may().reach).toBe('all')
        else expect(may, `${role} ${permission}`).toThrow(expect.objectContaining({ code: 'forbidden' }))
      }
      expect(permissionsOf([{ role }])).toEqual(allPermissions().filter((permission) => rolesFor(permission).includes(role)))
    }
  })

  test('without a role is never given', () => {
    for (const permission of allPermissions())
      expect(() => authorise(principal(), permission)).toThrow(expect.objectContaining({ code: 'forbidden' }))
  })

  test('cannot be made but by authorising', () => {
    // @ts-expect-error the constructor is private
    expect(() => new Permit(principal(), 'user:create', 'all').permission).not.toThrow()
    // @ts-expect-error a permit for one thing is no permit for another
    const other: Permit<'user:create'> = authorise(principal({ role: 'admin' }), 'user:read')
    expect(other.permission).toBe('user:read')
  })

  test('reaches as far as the roles that allow it, and no further by those that do not', () => {
    const permit = authorise(
      principal({ role: 'operator', team: 'own_a' }, { role: 'operator', environment: 'staging' }, { role: 'viewer' }),
      'credential:create',
    )
    expect(permit.reach).toEqual([{ team: 'own_a' }, { environment: 'staging' }])
    expect(permit.covers({ team: 'own_a', environment: 'production' })).toBe(true)
    expect(permit.covers({ team: 'own_b', environment: 'staging' })).toBe(true)
    expect(permit.covers({ team: 'own_b', environment: 'production' })).toBe(false)
    expect(permit.covers({ team: null, environment: null })).toBe(false)
    expect(() => permit.requireAll()).toThrow(expect.objectContaining({ code: 'forbidden' }))
  })

  test('over a team in an environment needs both', () => {
    const permit = authorise(principal({ role: 'admin', team: 'own_a', environment: 'staging' }), 'credential:delete')
    expect(permit.covers({ team: 'own_a', environment: 'staging' })).toBe(true)
    expect(permit.covers({ team: 'own_a', environment: 'production' })).toBe(false)
    expect(permit.covers({ team: 'own_b', environment: 'staging' })).toBe(false)
  })

  test('over everything by one role swallows the narrow ones', () => {
    expect(authorise(principal({ role: 'operator', team: 'own_a' }, { role: 'admin' }), 'credential:create').reach).toBe('all')
  })
})

test('dangerous acts need a fresh proof', () => {
  const { proof, ...rest } = principal({ role: 'admin' })
  expect(() => requireFresh({ ...rest, proof })).not.toThrow()
  expect(() => requireFresh({ ...rest, proof: { ...proof, fresh: false } })).toThrow(
    expect.objectContaining({ code: 'fresh-auth-required' }),
  )
})

test('docs/permissions.md is the matrix as it is now (`npm run golden` writes it)', () => {
  expect(readFileSync(join(import.meta.dirname, '../../../../docs/permissions.md'), 'utf8')).toBe(printPermissions())
})
