import type { Issuer, IssuerKeys } from '@keyward/contract/issuers'
import { word } from '../../format/words.ts'

export type PresetId = 'github' | 'gitlab' | 'kubernetes' | 'google' | 'entra' | 'spiffe' | 'authority' | 'other'

/** An issuer that many have, as it fills the form; all of it can be changed there. */
export interface IssuerStart {
  readonly id: PresetId
  readonly title: string
  readonly text: string
  readonly kind: Issuer['kind']
  readonly preset: Issuer['preset']
  readonly name: string
  readonly issuer: string
  readonly issuerLabel: string
  readonly issuerPlaceholder: string
  readonly issuerHint: string
  readonly source: IssuerKeys['type']
}

const oidc = { kind: 'oidc', issuerLabel: 'Issuer', source: 'discovery' } as const

export const issuerStarts: readonly IssuerStart[] = [
  {
    ...oidc,
    id: 'github',
    title: 'GitHub Actions',
    text: 'Jobs of a repository',
    preset: 'github',
    name: 'GitHub Actions',
    issuer: 'https://token.actions.githubusercontent.com',
    issuerPlaceholder: 'https://token.actions.githubusercontent.com',
    issuerHint: 'Of github.com. An Enterprise Server has https://HOST/_services/token.',
  },
  {
    ...oidc,
    id: 'gitlab',
    title: 'GitLab CI',
    text: 'Jobs of a project',
    preset: 'gitlab',
    name: 'GitLab',
    issuer: 'https://gitlab.com',
    issuerPlaceholder: 'https://gitlab.com',
    issuerHint: 'The address of your GitLab, without a slash at its end.',
  },
  {
    ...oidc,
    id: 'kubernetes',
    title: 'Kubernetes',
    text: 'Pods, by their service account',
    preset: 'kubernetes',
    name: 'Kubernetes',
    issuer: '',
    issuerPlaceholder: 'https://kubernetes.default.svc.cluster.local',
    issuerHint: '`kubectl get --raw /.well-known/openid-configuration` says it, as `issuer`.',
    source: 'jwks',
  },
  {
    ...oidc,
    id: 'google',
    title: 'Google Cloud',
    text: 'Service accounts',
    preset: 'google',
    name: 'Google',
    issuer: 'https://accounts.google.com',
    issuerPlaceholder: 'https://accounts.google.com',
    issuerHint: 'One for all of Google.',
  },
  {
    ...oidc,
    id: 'entra',
    title: 'Microsoft Entra',
    text: 'Managed identities, service principals',
    preset: 'entra',
    name: 'Microsoft Entra',
    issuer: '',
    issuerPlaceholder: 'https://login.microsoftonline.com/TENANT-ID/v2.0',
    issuerHint: 'With the id of your own directory in it: `common` would be everybody’s.',
  },
  {
    id: 'spiffe',
    title: 'SPIFFE',
    text: 'A trust domain, as SPIRE runs it',
    kind: 'spiffe',
    preset: 'generic',
    name: 'SPIFFE',
    issuer: '',
    issuerLabel: 'Trust domain',
    issuerPlaceholder: 'acme.example',
    issuerHint: 'Its name alone, without spiffe://.',
    source: 'bundle_url',
  },
  {
    id: 'authority',
    title: 'Certificate authority',
    text: 'It signs client certificates',
    kind: 'x509',
    preset: 'generic',
    name: 'Internal authority',
    issuer: '',
    issuerLabel: 'Short name of the authority',
    issuerPlaceholder: 'acme-internal-ca',
    issuerHint: 'Yours to choose; it stands in the audit log.',
    source: 'certificates',
  },
  {
    ...oidc,
    id: 'other',
    title: 'Another OIDC issuer',
    text: 'Whatever signs tokens by OpenID Connect',
    preset: 'generic',
    name: '',
    issuer: '',
    issuerPlaceholder: 'https://issuer.example.com',
    issuerHint: 'Exactly as it stands in the `iss` of its tokens.',
  },
]

export function startOf(id: PresetId): IssuerStart {
  const found = issuerStarts.find((start) => start.id === id)
  if (!found) throw new TypeError(`no preset ${id}`)
  return found
}

/** Where each kind's keys can come from, in words. */
export const sourceWords: Readonly<Record<IssuerKeys['type'], string>> = {
  discovery: 'its discovery document',
  jwks_uri: 'an address of its keys (JWKS)',
  jwks: 'keys that I paste (JWKS)',
  bundle_url: 'a bundle endpoint',
  bundle: 'a bundle that I paste',
  certificates: 'certificates that I paste (PEM)',
}

export const sourcesOf: Readonly<Record<Issuer['kind'], readonly IssuerKeys['type'][]>> = {
  oidc: ['discovery', 'jwks_uri', 'jwks'],
  spiffe: ['bundle_url', 'bundle', 'certificates'],
  x509: ['certificates'],
}

/** `oidc` names a method elsewhere; of an issuer it is a protocol. */
export function kindWord(kind: string): string {
  return kind === 'oidc' ? 'OpenID Connect' : word(kind)
}
