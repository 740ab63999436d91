import type { Me } from '@keyward/contract/people'
import type { People } from './people.ts'
import { permissionsOf } from './permit.ts'
import type { Principal } from './principal.ts'
import { showUserById } from './users.ts'

/** Who somebody is, how they signed in, and what some role of theirs allows. */
export async function describeMe(people: Pick<People, 'db'>, principal: Principal): Promise<Me> {
  const user = await showUserById(people.db, principal.user.id)
  const { id, method, authenticatedAt, expiresAt, fresh } = principal.proof
  return {
    user,
    session: { id, method, authenticated_at: authenticatedAt.toISOString(), expires_at: expiresAt.toISOString(), fresh },
    allowed: permissionsOf(principal.roles),
    needs_sign_in_method: method !== 'oidc' && !user.sign_in.password && user.sign_in.passkeys === 0,
  }
}
