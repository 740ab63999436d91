import { gatewayErrors } from '@keyward/contract/gateway-errors'
import type { AuditEntry } from '@keyward/contract/records'
import { word } from './words.ts'

const verbs: Readonly<Record<string, readonly [done: string, asked: string]>> = {
  create: ['added', 'add'],
  update: ['changed', 'change'],
  delete: ['deleted', 'delete'],
  revoke: ['revoked', 'revoke'],
  read: ['read', 'read'],
  add_version: ['stored a new secret for', 'store a new secret for'],
  add_identity: ['changed the identities of', 'change the identities of'],
  mint: ['minted a token under', 'mint a token under'],
  invite: ['made a sign-in link for', 'make a sign-in link for'],
  end: ['ended', 'end'],
  exchange: ['exchanged', 'exchange'],
  try: ['tried a token on', 'try a token on'],
  assess: ['judged a rule for', 'judge a rule for'],
  start: ['started', 'start'],
  set: ['set', 'set'],
  report: ['reported', 'report'],
  dismiss: ['dismissed', 'dismiss'],
  reopen: ['reopened', 'reopen'],
  add: ['added', 'add'],
  remove: ['removed', 'remove'],
  allow_origin: ['allowed a further address for', 'allow a further address for'],
  approve: ['approved', 'approve'],
  decide: ['decided on', 'decide on'],
  erase: ['erased the personal data of', 'erase the personal data of'],
}

/**
 * What an entry says, without its actor: `called gpt-4.1-mini`, `was refused: add a credential`. The things it names are rendered beside it.
 */
export function sentence(entry: AuditEntry): string {
  const refused = entry.decision === 'refused' || entry.decision === 'failed'
  if (entry.action === 'gateway.call') {
    const what = entry.model ?? entry.operation ?? 'an upstream'
    return refused ? `was refused a call of ${what}` : `called ${what}`
  }
  if (entry.action === 'session.start') return refused ? 'tried to sign in and failed' : 'signed in'
  if (entry.action === 'session.end') return 'ended a session'
  if (entry.action === 'token.mint' && !refused) return entry.actor.kind === 'workload' ? 'got a token under' : 'minted a token under'
  if (entry.action === 'token.exchange' && !refused) return 'was handed a token under'
  if (entry.action === 'consent.create') return refused ? 'denied an app' : 'connected an app'
  if (entry.action === 'consent.revoke') return refused ? 'tried to disconnect an app' : 'disconnected an app'
  const [thing = '', verb = ''] = entry.action.split('.')
  const [done, asked] = verbs[verb] ?? [verb.replaceAll('_', ' '), verb.replaceAll('_', ' ')]
  const noun = word(thing).toLowerCase()
  const article = /^[aeio]/.test(noun) ? 'an' : 'a'
  return refused ? `was not allowed to ${asked} ${article} ${noun}` : `${done} ${article} ${noun}`
}

export function actorName(entry: AuditEntry): string {
  if (entry.actor.name !== null) return entry.actor.name
  if (entry.actor.kind === 'system') return 'Keyward'
  return entry.actor.kind === 'anonymous' ? 'Somebody not signed in' : (entry.actor.id ?? word(entry.actor.kind))
}

/** Why the gateway refused, and what to do. */
export function refusal(code: string): { readonly message: string; readonly fix: string } | undefined {
  return Object.hasOwn(gatewayErrors, code) ? gatewayErrors[code as keyof typeof gatewayErrors] : undefined
}
