import type { IdentityCreate, PublicJwk } from '@keyward/contract/identities'
import type { Issuer, TrustDraft } from '@keyward/contract/issuers'
import type { IdentityMethod } from '@keyward/contract/words'
import { LocalError } from '../../api/failure.ts'
import { fromLocal } from '../../format/time.ts'
import { checkJwks, checkPem } from '../issuers/check-keys.ts'
import { type ClaimRow, claimsOf, doubledNames } from './claim-rows.ts'

export const subjectKinds = ['san_dns', 'san_uri', 'san_email', 'san_ip', 'subject_dn'] as const
export type SubjectKind = (typeof subjectKinds)[number]

/** An identity as its form holds it. */
export interface IdentityValues {
  readonly method: IdentityMethod
  readonly name: string
  readonly issuer: string
  readonly rows: readonly ClaimRow[]
  readonly audiences: readonly string[]
  readonly singleUse: boolean
  readonly spiffeId: string
  readonly subjectKind: SubjectKind
  readonly subject: string
  readonly certificate: string
  readonly jwk: string
  readonly expires: string
  /** Undefined: all grants of the workload, those of tomorrow too. */
  readonly grants: readonly string[] | undefined
}

export const emptyIdentity: IdentityValues = {
  ...{ method: 'oidc', name: '', issuer: '', rows: [], audiences: [], singleUse: false, spiffeId: '' },
  ...{ subjectKind: 'san_dns', subject: '', certificate: '', jwk: '', expires: '', grants: undefined },
}

/** @throws LocalError with the field, for what can be said without asking */
export function identityBody(values: IdentityValues): IdentityCreate {
  const common = {
    ...(values.name.trim() === '' ? {} : { name: values.name.trim() }),
    ...(values.grants === undefined ? {} : { grants: [...values.grants] }),
  }
  const audiences = values.audiences.length === 0 ? {} : { audiences: [...values.audiences] }
  const { method, issuer } = values
  switch (method) {
    case 'oidc': {
      const [doubled] = doubledNames(values.rows)
      if (doubled !== undefined) throw wrong('/claims', `${doubled} stands there twice: keep one`)
      return { method, ...common, issuer, ...audiences, claims: claimsOf(values.rows), single_use: values.singleUse }
    }
    case 'spiffe_jwt':
      return { method, ...common, issuer, ...audiences, spiffe_id: values.spiffeId.trim() }
    case 'spiffe_x509':
      return { method, ...common, issuer, spiffe_id: values.spiffeId.trim() }
    case 'tls_client_auth':
      return { method, ...common, issuer, [values.subjectKind]: values.subject.trim() }
    case 'self_signed_tls_client_auth': {
      const checked = checkPem(values.certificate)
      if (!checked.ok) throw wrong('/certificate', checked.says)
      return { method, ...common, certificate: values.certificate.trim() }
    }
    case 'private_key_jwt':
      return { method, ...common, jwk: oneKey(values.jwk) }
    case 'client_secret_basic':
      return { method, ...common, ...(values.expires === '' ? {} : { expires_at: fromLocal(values.expires) }) }
  }
}

/** The rule that is being written, as far as it can be tried; undefined while it asks for nothing. */
export function draftOf(values: IdentityValues): TrustDraft | undefined {
  const audiences = values.audiences.length === 0 ? {} : { audiences: [...values.audiences] }
  if (values.issuer === '') return undefined
  if (values.method === 'oidc') {
    const claims = claimsOf(values.rows)
    return Object.keys(claims).length === 0 ? undefined : { issuer: values.issuer, ...audiences, claims }
  }
  if (values.method !== 'spiffe_jwt' || values.spiffeId.trim() === '') return undefined
  return { issuer: values.issuer, ...audiences, spiffe_id: values.spiffeId.trim() }
}

/** The issuer that is chosen already where there is just one of its kind. */
export function onlyIssuer(issuers: readonly Issuer[], kind: Issuer['kind'] | undefined): string {
  const fitting = issuers.filter((one) => one.kind === kind && one.state === 'active')
  return fitting.length === 1 ? (fitting[0]?.id ?? '') : ''
}

function oneKey(text: string): PublicJwk {
  const checked = checkJwks(text)
  if (!checked.ok) throw wrong('/jwk', checked.says)
  const [key, ...more] = checked.keys
  if (key === undefined || more.length > 0)
    throw wrong('/jwk', 'These are several keys: an identity has one. Paste one, and add an identity for each other.')
  return key as PublicJwk
}

function wrong(field: string, message: string): LocalError {
  return new LocalError('Some fields need another value', 'Each says below what it expects. Nothing was sent.', [{ field, message }])
}
