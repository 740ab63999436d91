import { assertionProof } from './assertion.ts'
import type { Environment, WorkloadIdentity } from './identity.ts'

/** The variable that the job's `id_tokens` names. */
export const gitlabVariable = 'KEYWARD_ID_TOKEN'

/** The ID token of a GitLab CI job: made at the job's start for the audience that `id_tokens` names, good until the job's time is up. */
export function gitlabJob(env: Environment, workload?: string | undefined): WorkloadIdentity {
  return {
    source: 'gitlab-ci',
    about: `the GitLab ID token in ${gitlabVariable}`,
    workload,
    async prove(issuer) {
      return assertionProof(
        env[gitlabVariable] ?? '',
        gitlabVariable,
        `Give the job id_tokens: ${gitlabVariable}: aud: ${issuer}`,
        workload,
      )
    },
  }
}
