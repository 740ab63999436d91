/*
 * Claims of issuers as their references list them, with values that are made up.
 */

export interface GitlabJob {
  project?: string
  projectId?: string
  ref?: string
  protected?: boolean
  environment?: string
  source?: string
}

/** GitLab CI: `id_tokens` of a job. Ids and flags are texts there. */
export function gitlabClaims(job: GitlabJob = {}): Record<string, unknown> {
  const { project = 'acme/platform/app', projectId = '22', ref = 'main', environment } = job
  const namespace = project.slice(0, project.lastIndexOf('/'))
  return {
    namespace_id: '72',
    namespace_path: namespace,
    project_id: projectId,
    project_path: project,
    user_id: '1',
    user_login: 'sample-user',
    user_email: 'sample-user@example.com',
    user_access_level: 'developer',
    pipeline_id: '574',
    pipeline_source: job.source ?? 'push',
    job_id: '302',
    ref,
    ref_type: 'branch',
    ref_path: `refs/heads/${ref}`,
    ref_protected: String(job.protected ?? true),
    runner_id: 1,
    runner_environment: 'gitlab-hosted',
    sha: 'example0fake0example0fake0example0fake00',
    project_visibility: 'private',
    ci_config_ref_uri: `gitlab.example.com/${project}//.gitlab-ci.yml@refs/heads/${ref}`,
    sub: `project_path:${project}:ref_type:branch:ref:${ref}`,
    ...(environment === undefined ? {} : { environment, environment_protected: 'true', deployment_tier: 'production' }),
  }
}

export interface KubernetesPod {
  namespace?: string
  account?: string
  accountUid?: string
  pod?: string
}

/** A projected service account token of a pod. */
export function kubernetesClaims(pod: KubernetesPod = {}): Record<string, unknown> {
  const { namespace = 'agents', account = 'classifier' } = pod
  return {
    sub: `system:serviceaccount:${namespace}:${account}`,
    'kubernetes.io': {
      namespace,
      node: { name: 'node-1', uid: '11111111-aaaa-4bbb-8ccc-eeeeeeeeeee1' },
      pod: { name: pod.pod ?? 'classifier-0', uid: '11111111-aaaa-4bbb-8ccc-eeeeeeeeeee2' },
      serviceaccount: { name: account, uid: pod.accountUid ?? '11111111-aaaa-4bbb-8ccc-eeeeeeeeeee3' },
    },
  }
}

/** An ID token of the metadata server of a Google machine, in its full format. */
export function googleClaims(account: { sub?: string; email?: string } = {}): Record<string, unknown> {
  const { sub = '108000000000000000001', email = 'agent@acme-project.iam.gserviceaccount.com' } = account
  return {
    sub,
    azp: sub,
    email,
    email_verified: true,
    google: {
      compute_engine: {
        instance_creation_timestamp: 1_790_000_000,
        instance_id: '7000000000000000001',
        instance_name: 'agent-1',
        project_id: 'acme-project',
        project_number: 1_000_000_001,
        zone: 'europe-west4-a',
      },
    },
  }
}

/** A token of a managed identity, version 2.0. */
export function entraClaims(identity: { tenant?: string; oid?: string; appid?: string } = {}): Record<string, unknown> {
  const { tenant = '00000000-aaaa-4bbb-8ccc-000000000001', oid = '00000000-aaaa-4bbb-8ccc-000000000002' } = identity
  return {
    sub: oid,
    oid,
    tid: tenant,
    azp: identity.appid ?? '00000000-aaaa-4bbb-8ccc-000000000003',
    azpacr: '2',
    idtyp: 'app',
    ver: '2.0',
    uti: 'FAKE0EXAMPLE0uti',
    rh: '0.FAKE0EXAMPLE.',
  }
}
