import type { RoleBinding } from '@keyward/contract/people'
import type { Permission } from '@keyward/contract/permissions'
import { newId } from '../../src/observe/ids.ts'
import { Permit } from '../../src/people/permit.ts'

/** The permit of somebody with these roles. */
export function permitFor<P extends Permission>(
  permission: P,
  roles: readonly RoleBinding[] = [{ role: 'admin' }],
  fresh = true,
): Permit<P> {
  return Permit.authorise(
    {
      user: { id: newId('user'), name: 'Test', email: null, builtIn: false },
      roles,
      proof: {
        kind: 'api_token',
        id: newId('apiToken'),
        method: fresh ? 'local' : 'token',
        authenticatedAt: new Date(),
        expiresAt: new Date(Date.now() + 3_600_000),
        fresh,
      },
    },
    permission,
  )
}
