import type { Role } from './words.ts'

/**
 * Who may do what: resource × action × roles. Printed as a table by `node packages/contract/src/print-permissions.ts`
 * (docs/permissions.md is its golden file). A role holds over everything, or over one team and/or environment.
 */
export const permissions = {
  credential: {
    read: ['admin', 'operator', 'auditor', 'viewer'],
    create: ['admin', 'operator'],
    update: ['admin', 'operator'],
    delete: ['admin'],
    revoke: ['admin', 'operator'],
    add_version: ['admin', 'operator'],
  },
  detection: {
    read: ['admin', 'operator', 'auditor', 'viewer'],
    report: ['admin', 'operator'],
    triage: ['admin', 'operator'],
  },
  owner: {
    read: ['admin', 'operator', 'auditor', 'viewer'],
    create: ['admin', 'operator'],
    update: ['admin', 'operator'],
    delete: ['admin'],
  },
  tenant: {
    read: ['admin', 'operator', 'auditor', 'viewer'],
    create: ['admin', 'operator'],
    update: ['admin', 'operator'],
    delete: ['admin'],
    revoke: ['admin', 'operator'],
  },
  environment: { read: ['admin', 'operator', 'auditor', 'viewer'], create: ['admin'], delete: ['admin'] },
  workload: {
    read: ['admin', 'operator', 'auditor', 'viewer'],
    create: ['admin', 'operator'],
    update: ['admin', 'operator'],
    delete: ['admin'],
    revoke: ['admin', 'operator'],
    add_identity: ['admin', 'operator'],
  },
  issuer: {
    read: ['admin', 'operator', 'auditor', 'viewer'],
    create: ['admin'],
    update: ['admin'],
    delete: ['admin'],
    revoke: ['admin', 'operator'],
    try: ['admin', 'operator'],
  },
  resource: {
    read: ['admin', 'operator', 'auditor', 'viewer'],
    create: ['admin', 'operator'],
    update: ['admin', 'operator'],
    delete: ['admin'],
  },
  grant: {
    read: ['admin', 'operator', 'auditor', 'viewer'],
    create: ['admin', 'operator'],
    update: ['admin', 'operator'],
    delete: ['admin'],
    revoke: ['admin', 'operator'],
    mint: ['admin', 'operator'],
  },
  token: { read: ['admin', 'operator', 'auditor'], revoke: ['admin', 'operator'] },
  consent: { read: ['admin', 'operator', 'auditor'], revoke: ['admin', 'operator'] },
  oauth_client: {
    read: ['admin', 'operator', 'auditor', 'viewer'],
    create: ['admin'],
    update: ['admin'],
    revoke: ['admin', 'operator'],
  },
  budget: {
    read: ['admin', 'operator', 'auditor', 'viewer'],
    create: ['admin', 'operator'],
    update: ['admin', 'operator'],
    delete: ['admin'],
  },
  price: { read: ['admin', 'operator', 'auditor', 'viewer'], create: ['admin'], delete: ['admin'] },
  usage: { read: ['admin', 'operator', 'auditor', 'viewer'] },
  audit: { read: ['admin', 'auditor'] },
  user: { read: ['admin', 'auditor'], create: ['admin'], update: ['admin'], invite: ['admin'] },
  identity_provider: { read: ['admin', 'auditor'], create: ['admin'], update: ['admin'], delete: ['admin'] },
  second_opinion: { read: ['admin', 'auditor'], decide: ['admin'] },
  setting: { read: ['admin', 'auditor'], update: ['admin'] },
  session: { read: ['admin', 'auditor'], end: ['admin'] },
  node: { read: ['admin', 'operator', 'auditor'] },
  overview: { read: ['admin', 'operator', 'auditor', 'viewer'] },
} as const satisfies Record<string, Record<string, readonly Role[]>>

export type PermissionResource = keyof typeof permissions
export type Permission = { [R in PermissionResource]: `${R}:${Extract<keyof (typeof permissions)[R], string>}` }[PermissionResource]

/** The roles that a permission such as `credential:create` names. */
export function rolesFor(permission: Permission): readonly Role[] {
  const [resource, action] = permission.split(':') as [PermissionResource, string]
  return (permissions[resource] as Record<string, readonly Role[]>)[action] ?? []
}

export function allPermissions(): Permission[] {
  return Object.entries(permissions).flatMap(([resource, actions]) =>
    Object.keys(actions).map((action) => `${resource}:${action}` as Permission),
  )
}
