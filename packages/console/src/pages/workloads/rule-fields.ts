import type { IssuerPreset } from '@keyward/contract/issuers'
import { type ClaimRow, textOf, withText } from './claim-rows.ts'

type Rows = readonly ClaimRow[]

/** A question about a workload, in the words of its platform; its answer stands in the claims of the rule. */
export interface RuleField {
  readonly label: string
  readonly hint?: string
  readonly placeholder?: string
  readonly optional?: boolean
  readonly choices?: readonly { readonly value: string; readonly text: string }[]
  /** Undefined where the claim is asked for in a way that this field can't show. */
  read(rows: Rows): string | undefined
  write(rows: Rows, text: string): Rows
}

function claim(name: string, label: string, more: Partial<Omit<RuleField, 'label' | 'read' | 'write'>> = {}): RuleField {
  return { label, ...more, read: (rows) => textOf(rows, name), write: (rows, text) => withText(rows, name, text.trim()) }
}

const heads = 'refs/heads/'

const github: readonly RuleField[] = [
  claim('repository', 'Repository', { placeholder: 'acme/api', optional: true, hint: 'OWNER/NAME, for people to read.' }),
  claim('repository_id', 'Repository id', {
    placeholder: '123456789',
    hint: '`gh api repos/OWNER/NAME --jq .id` prints it. A name can pass to another, an id never does.',
  }),
  claim('repository_owner_id', 'Owner id', {
    optional: true,
    placeholder: '987654',
    hint: 'Then a repository that is transferred is let in no more.',
  }),
  {
    label: 'Branch',
    optional: true,
    placeholder: 'main',
    hint: 'A tag is written whole: refs/tags/v1.',
    read: (rows) => {
      const ref = textOf(rows, 'ref')
      return ref?.startsWith(heads) ? ref.slice(heads.length) : ref
    },
    write: (rows, text) => withText(rows, 'ref', text.trim() === '' || text.startsWith('refs/') ? text.trim() : heads + text.trim()),
  },
  claim('environment', 'Environment', {
    optional: true,
    placeholder: 'production',
    hint: 'With its own approvals at GitHub: the strongest of these.',
  }),
  claim('event_name', 'Started by', {
    optional: true,
    choices: [
      { value: '', text: 'anything but a pull request' },
      { value: 'push', text: 'a push' },
      { value: 'workflow_dispatch', text: 'a person (workflow_dispatch)' },
      { value: 'schedule', text: 'a schedule' },
      { value: 'release', text: 'a release' },
      { value: 'pull_request', text: 'a pull request (careful)' },
    ],
  }),
]

const gitlab: readonly RuleField[] = [
  claim('project_path', 'Project', { optional: true, placeholder: 'acme/api', hint: 'Its path, for people to read.' }),
  claim('project_id', 'Project id', {
    placeholder: '123456',
    hint: 'On the project’s page, behind the three dots. A path can pass to another, an id never does.',
  }),
  claim('ref', 'Branch or tag', { optional: true, placeholder: 'main' }),
  claim('ref_protected', 'Protected', {
    optional: true,
    choices: [
      { value: '', text: 'any branch or tag' },
      { value: 'true', text: 'protected branches and tags alone' },
    ],
  }),
  claim('environment', 'Environment', { optional: true, placeholder: 'production' }),
]

const account = /^system:serviceaccount:([^:]*):(.*)$/

/** Namespace and service account stand in one claim. */
function subjectPart(label: string, at: 1 | 2, placeholder: string, hint: string): RuleField {
  const parts = (rows: Rows) => {
    const sub = textOf(rows, 'sub')
    return sub === '' ? ['', '', ''] : sub === undefined ? undefined : account.exec(sub)
  }
  return {
    label,
    placeholder,
    hint,
    read: (rows) => parts(rows)?.[at],
    write: (rows, text) => {
      const [, namespace = '', name = ''] = parts(rows) ?? []
      const next = at === 1 ? [text.trim(), name] : [namespace, text.trim()]
      return withText(rows, 'sub', next.every((part) => part === '') ? '' : `system:serviceaccount:${next.join(':')}`)
    },
  }
}

const kubernetes: readonly RuleField[] = [
  subjectPart('Namespace', 1, 'production', 'Where the pod runs.'),
  subjectPart('Service account', 2, 'support-agent', 'One of its own: every pod that names none runs as `default`.'),
  claim('/kubernetes.io/serviceaccount/uid', 'Uid of the service account', {
    optional: true,
    placeholder: '6f2d…',
    hint: 'Then one that is deleted and made again is let in no more.',
  }),
]

const google: readonly RuleField[] = [
  claim('sub', 'Unique id of the service account', {
    placeholder: '112233445566778899000',
    hint: '`gcloud iam service-accounts describe ADDRESS --format="value(uniqueId)"` prints it.',
  }),
  claim('email', 'Its address', {
    optional: true,
    placeholder: 'agent@project.iam.gserviceaccount.com',
    hint: 'For people to read: an address can pass to another.',
  }),
]

const entra: readonly RuleField[] = [
  claim('oid', 'Object id', {
    placeholder: '00000000-0000-0000-0000-000000000000',
    hint: 'Of the managed identity or service principal, not of the application.',
  }),
  claim('azp', 'Application id', { optional: true, placeholder: '00000000-0000-0000-0000-000000000000' }),
]

const generic: readonly RuleField[] = [claim('sub', 'Subject', { placeholder: 'agent-17', hint: 'The `sub` of its tokens, whole.' })]

/** What matters of each platform's tokens. */
export const ruleFields: Readonly<Record<IssuerPreset, readonly RuleField[]>> = { github, gitlab, kubernetes, google, entra, generic }

/** Whether the platform writes a useful `jti` once per use, so that a token can be taken once only; files of a cluster stay the same for an hour. */
export const singleUseHint: Readonly<Record<IssuerPreset, string>> = {
  github: 'Fine for jobs: each asks for a token of its own.',
  gitlab: 'Fine where a job uses its token once: it is given one of each kind.',
  kubernetes: 'Not for projected tokens: they stay in their file for most of an hour.',
  google: 'Not for the metadata server: it gives the same token for a while.',
  entra: 'Not for managed identities: they are given the same token for a while.',
  generic: 'Needs a `jti`. Not for tokens that lie in a file.',
}
