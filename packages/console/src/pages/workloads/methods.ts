import type { Issuer } from '@keyward/contract/issuers'
import { type IdentityMethod, identityMethods } from '@keyward/contract/words'
import type { CardChoice } from '../../components/form/choice-cards.tsx'
import { word } from '../../format/words.ts'

const sentences: Readonly<Record<IdentityMethod, string>> = {
  spiffe_x509: 'SPIRE gives it a certificate that lasts an hour, and its tokens are bound to that.',
  tls_client_auth: 'It shows a client certificate that your own authority has signed.',
  self_signed_tls_client_auth: 'It shows the one certificate that you paste here; no authority is needed.',
  spiffe_jwt: 'SPIRE signs which workload it is, anew every few minutes.',
  oidc: 'GitHub, GitLab, Kubernetes or a cloud signs who it is: there is nothing to keep secret.',
  private_key_jwt: 'It signs with a key that never leaves its machine; the public half stands here.',
  client_secret_basic: 'Whoever copies the secret is this workload. Only where nothing above works.',
}
const marks: Partial<Readonly<Record<IdentityMethod, string>>> = { oidc: 'easiest in CI and clusters', client_secret_basic: 'last resort' }

/** How a workload can prove itself, the strongest first. */
export const methodChoices: readonly CardChoice<IdentityMethod>[] = identityMethods.map((value) => ({
  value,
  title: word(value),
  text: sentences[value],
  mark: marks[value],
}))

/** The kind of issuer that a method relies on. */
export const issuerKindOf: Partial<Readonly<Record<IdentityMethod, Issuer['kind']>>> = {
  spiffe_x509: 'spiffe',
  spiffe_jwt: 'spiffe',
  oidc: 'oidc',
  tls_client_auth: 'x509',
}
