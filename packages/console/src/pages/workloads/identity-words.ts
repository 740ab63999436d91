import type { ClaimConditions, Identity } from '@keyward/contract/identities'
import type { IssuerPreset } from '@keyward/contract/issuers'
import { conditionWords } from './claim-rows.ts'

/**
 * What an identity is pinned to, in words: `GitHub repository acme/api (id 456), branch main`. Every condition is told; those without words of
 * their own by their name.
 */
export function pinnedWords(
  identity: Pick<Identity, 'method' | 'claims' | 'subject' | 'thumbprint' | 'hint'>,
  preset: IssuerPreset,
): string {
  const { claims, subject } = identity
  if (claims !== null) return claimWords(claims, preset)
  if (subject !== null) return identity.method === 'tls_client_auth' ? certificateWords(subject) : subject
  return identity.thumbprint ?? identity.hint ?? 'nothing'
}

export function claimWords(claims: ClaimConditions, preset: IssuerPreset): string {
  const rest = new Map(Object.entries(claims))
  const take = (name: string) => {
    const condition = rest.get(name)
    rest.delete(name)
    return condition === undefined ? undefined : conditionWords(condition)
  }
  const parts = wordsBy[preset](take)
  const others = [...rest].map(([name, condition]) => `${name} ${conditionWords(condition)}`)
  return [...parts, ...others].filter((part) => part !== undefined).join(', ') || 'nothing'
}

type Take = (name: string) => string | undefined
type Words = (take: Take) => (string | undefined)[]

const wordsBy: Readonly<Record<IssuerPreset, Words>> = {
  github: (take) => [
    named('GitHub repository', take('repository'), take('repository_id')),
    labelled('owner id', take('repository_owner_id')),
    refWords(take('ref')),
    labelled('environment', take('environment')),
    labelled('started by', take('event_name')),
    labelled('subject', take('sub')),
  ],
  gitlab: (take) => [
    named('GitLab project', take('project_path'), take('project_id')),
    labelled('ref', take('ref')),
    protectedWords(take('ref_protected')),
    labelled('environment', take('environment')),
    labelled('subject', take('sub')),
  ],
  kubernetes: (take) => {
    const sub = take('sub')
    const [, namespace, name] = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(sub ?? '') ?? []
    return [
      name === undefined ? labelled('subject', sub) : `service account ${name} in namespace ${namespace}`,
      labelled('namespace', take('/kubernetes.io/namespace')),
      labelled('service account', take('/kubernetes.io/serviceaccount/name')),
      labelled('uid', take('/kubernetes.io/serviceaccount/uid')),
    ]
  },
  google: (take) => {
    const [email, sub] = [take('email'), take('sub')]
    return [named('Google account', email, sub)]
  },
  entra: (take) => [labelled('Entra object', take('oid')), labelled('application', take('azp')), labelled('subject', take('sub'))],
  generic: (take) => [labelled('subject', take('sub'))],
}

function named(what: string, name: string | undefined, id: string | undefined): string | undefined {
  if (name === undefined) return id === undefined ? undefined : `${what} with id ${id}`
  return id === undefined ? `${what} ${name}` : `${what} ${name} (id ${id})`
}

function labelled(label: string, value: string | undefined): string | undefined {
  return value === undefined ? undefined : `${label} ${value}`
}

function refWords(ref: string | undefined): string | undefined {
  if (ref === undefined) return undefined
  if (ref.startsWith('refs/heads/')) return `branch ${ref.slice('refs/heads/'.length)}`
  if (ref.startsWith('refs/tags/')) return `tag ${ref.slice('refs/tags/'.length)}`
  return `ref ${ref}`
}

function protectedWords(value: string | undefined): string | undefined {
  return value === 'true' ? 'protected refs alone' : labelled('ref_protected', value)
}

const certificateKinds: Readonly<Record<string, string>> = {
  subject_dn: 'certificate of',
  san_dns: 'certificate for the host',
  san_uri: 'certificate for the address',
  san_ip: 'certificate for the IP address',
  san_email: 'certificate for',
}

/** `san_dns=agent.acme.example` */
function certificateWords(subject: string): string {
  const at = subject.indexOf('=')
  const kind = certificateKinds[subject.slice(0, at)]
  return kind === undefined ? subject : `${kind} ${subject.slice(at + 1)}`
}
