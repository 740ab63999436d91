import type { Permission } from '@keyward/contract/permissions'
import type { Route } from '@keyward/contract/route'

/** The word of the audit log for a route: its permission's, `credential:create` -> `credential.create`. */
export function actionOf(route: Pick<Route, 'access' | 'id'>): string {
  return isPermission(route.access) ? route.access.replace(':', '.') : route.id
}

export function isPermission(access: Route['access']): access is Permission {
  return access !== 'public' && access !== 'signed-in'
}
