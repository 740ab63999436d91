import { existsSync } from 'node:fs'
import { certificateVariables, clientCertificate } from './client-certificate.ts'
import { githubJob, githubVariables } from './github-actions.ts'
import { gitlabJob, gitlabVariable } from './gitlab-ci.ts'
import type { Environment, IdentitySource, WorkloadIdentity } from './identity.ts'
import { kubernetesPod, projectedTokenFile } from './kubernetes.ts'
import { tokenFile } from './token-file.ts'

/** Names a file with a token that somebody else keeps fresh. */
export const tokenFileVariable = 'KEYWARD_IDENTITY_TOKEN_FILE'
/** Names the workload, where a proof alone does not. */
export const workloadVariable = 'KEYWARD_WORKLOAD'

/** Variables that hold or lead to an identity. A program that runs under Keyward has no business with them. */
export const identityVariables: readonly string[] = [
  tokenFileVariable,
  certificateVariables.cert,
  certificateVariables.key,
  gitlabVariable,
  githubVariables.url,
  githubVariables.token,
]

/** One place that was looked at. */
export interface Sought {
  readonly source: IdentitySource
  /** For people: what makes it count. */
  readonly lookedFor: string
  readonly identity: WorkloadIdentity | undefined
  /** What is missing on a platform that could have it. */
  readonly hint?: string
}

/**
 * The identities that a program's surroundings give it, in order: what was named by a variable first, then what the platform gives. Nothing is
 * read or asked yet.
 */
export function ambientIdentities(
  env: Environment,
  options: { readonly workload?: string | undefined; readonly projectedTokenFile?: string } = {},
): Sought[] {
  const workload = options.workload ?? given(env[workloadVariable])
  const file = given(env[tokenFileVariable])
  const [certFile, keyFile] = [given(env[certificateVariables.cert]), given(env[certificateVariables.key])]
  const projected = options.projectedTokenFile ?? projectedTokenFile
  const isGithub = given(env[githubVariables.url]) !== undefined && given(env[githubVariables.token]) !== undefined
  const isGitlab = given(env[gitlabVariable]) !== undefined
  return [
    {
      source: 'token-file',
      lookedFor: tokenFileVariable,
      identity: file === undefined ? undefined : tokenFile({ file, workload }),
    },
    {
      source: 'certificate',
      lookedFor: `${certificateVariables.cert} and ${certificateVariables.key}`,
      identity: certFile === undefined || keyFile === undefined ? undefined : clientCertificate({ certFile, keyFile, workload }),
      ...((certFile === undefined) === (keyFile === undefined) ? {} : { hint: 'only one of the two is set' }),
    },
    {
      source: 'gitlab-ci',
      lookedFor: gitlabVariable,
      identity: isGitlab ? gitlabJob(env, workload) : undefined,
      ...(isGitlab || env.GITLAB_CI === undefined ? {} : { hint: `this is a GitLab job, and it has no id_tokens of that name` }),
    },
    {
      source: 'github-actions',
      lookedFor: `${githubVariables.url} and ${githubVariables.token}`,
      identity: isGithub ? githubJob(env, { workload }) : undefined,
      ...(isGithub || env.GITHUB_ACTIONS === undefined ? {} : { hint: 'this is a GitHub job without `permissions: id-token: write`' }),
    },
    {
      source: 'kubernetes',
      lookedFor: projected,
      identity: existsSync(projected) ? kubernetesPod(projected, workload) : undefined,
      ...(existsSync(projected) || env.KUBERNETES_SERVICE_HOST === undefined
        ? {}
        : { hint: 'this is a pod, and no token is projected there' }),
    },
  ]
}

function given(text: string | undefined): string | undefined {
  const trimmed = text?.trim()
  return trimmed === undefined || trimmed === '' ? undefined : trimmed
}
