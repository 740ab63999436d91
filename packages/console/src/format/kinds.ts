/** What an id names, by its prefix, and where its page is. */
export const kinds = {
  cred: { kind: 'credential', path: '/credentials/$id' },
  own: { kind: 'owner', path: '/owners/$id' },
  wl: { kind: 'workload', path: '/workloads/$id' },
  res: { kind: 'resource', path: '/resources/$id' },
  grt: { kind: 'grant', path: '/grants/$id' },
  ten: { kind: 'tenant', path: '/tenants/$id' },
  usr: { kind: 'user', path: '/users/$id' },
  iss: { kind: 'issuer', path: '/issuers/$id' },
  tok: { kind: 'token', path: '/tokens/$id' },
  bud: { kind: 'budget', path: '/budgets/$id' },
} as const

export type KnownKind = (typeof kinds)[keyof typeof kinds]['kind']

export function kindOf(id: string): (typeof kinds)[keyof typeof kinds] | undefined {
  const prefix = id.slice(0, id.indexOf('_'))
  return Object.hasOwn(kinds, prefix) ? kinds[prefix as keyof typeof kinds] : undefined
}
