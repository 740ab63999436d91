import { KeywardError } from '@keyward/contract/errors'
import type { RoleBinding } from '@keyward/contract/people'
import { allPermissions, type Permission, rolesFor } from '@keyward/contract/permissions'
import type { Principal } from './principal.ts'

/** One part of what a role is held over: a team, an environment, or a team in an environment. */
export interface ReachPart {
  readonly team?: string
  readonly environment?: string
}

/** What a permission is held over: everything, or at least one part. */
export type Reach = 'all' | readonly [ReachPart, ...ReachPart[]]

/**
 * Leave for one person to do one kind of thing, within a reach. It can only come from `authorise`, so whatever asks for a permit in its
 * parameters cannot be called by somebody who was not authorised.
 */
export class Permit<P extends Permission = Permission> {
  readonly principal: Principal
  readonly permission: P
  readonly reach: Reach
  #neededFresh = false

  private constructor(principal: Principal, permission: P, reach: Reach) {
    this.principal = principal
    this.permission = permission
    this.reach = reach
  }

  /** @throws KeywardError `forbidden` where no role of the principal allows it anywhere */
  static authorise<P extends Permission>(principal: Principal, permission: P): Permit<P> {
    const reach = reachOf(principal.roles, permission)
    if (reach === undefined) throw forbidden(permission)
    return new Permit(principal, permission, reach)
  }

  /** True where the permit covers something of that team and environment; null where the thing has none. */
  covers(thing: { readonly team: string | null; readonly environment: string | null }): boolean {
    if (this.reach === 'all') return true
    return this.reach.some(
      (part) =>
        (part.team === undefined || part.team === thing.team) && (part.environment === undefined || part.environment === thing.environment),
    )
  }

  /**
   * For a route that asks for a fresh authentication only where the request turns out to be dangerous.
   * @throws KeywardError `fresh-auth-required`
   */
  requireFresh(): void {
    this.#neededFresh = true
    requireFresh(this.principal)
  }

  /** True once the act was found to need a fresh authentication: then it needs another admin's yes, too, where the installation asks for that. */
  get neededFresh(): boolean {
    return this.#neededFresh
  }

  /**
   * For what belongs to the installation as a whole (users, sessions, prices): a role over one team or environment is not enough.
   * @throws KeywardError `forbidden`
   */
  requireAll(): void {
    if (this.reach !== 'all') throw forbidden(this.permission, ' over everything, not over one team or environment')
  }
}

/** @throws KeywardError `forbidden` where no role of the principal allows it anywhere */
export function authorise<P extends Permission>(principal: Principal, permission: P): Permit<P> {
  return Permit.authorise(principal, permission)
}

/**
 * Refuses a dangerous act to those whose authentication is old, and to API tokens of people.
 * @throws KeywardError `fresh-auth-required`
 */
export function requireFresh(principal: Principal): void {
  if (principal.proof.fresh) return
  const detail =
    principal.proof.method === 'token' ? 'An API token cannot do this: sign in to the console, or use `keyward login --local`' : undefined
  throw new KeywardError('fresh-auth-required', detail)
}

/** Every permission that some role of these allows, in the order of the matrix. */
export function permissionsOf(roles: readonly RoleBinding[]): Permission[] {
  return allPermissions().filter((permission) => reachOf(roles, permission) !== undefined)
}

/** What these roles hold a permission over; undefined where none of them allows it. */
export function reachOf(roles: readonly RoleBinding[], permission: Permission): Reach | undefined {
  const allowed = rolesFor(permission)
  const held = roles.filter((binding) => allowed.includes(binding.role))
  if (held.some((binding) => binding.team === undefined && binding.environment === undefined)) return 'all'
  const [first, ...rest] = held.map(({ team, environment }) => ({
    ...(team === undefined ? {} : { team }),
    ...(environment === undefined ? {} : { environment }),
  }))
  return first === undefined ? undefined : [first, ...rest]
}

function forbidden(permission: Permission, over = ''): KeywardError {
  return new KeywardError('forbidden', `\`${permission}\` needs the role ${rolesFor(permission).join(' or ')}${over}`)
}
