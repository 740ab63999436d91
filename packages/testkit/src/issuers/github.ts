import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { FakeIssuer } from './issuer.ts'

/** One run of a workflow, of which GitHub's token speaks. */
export interface GithubRun {
  owner?: string
  ownerId?: string
  repository?: string
  repositoryId?: string
  ref?: string
  environment?: string
  event?: string
  actor?: string
  workflow?: string
  /** The subject's form since July 2026, with ids. Default false. */
  subjectWithIds?: boolean
}

/** The claims of GitHub Actions, as its reference lists them. */
export function githubClaims(run: GithubRun = {}): Record<string, unknown> {
  const { owner = 'acme', ownerId = '65', repository = 'app', repositoryId = '74', ref = 'refs/heads/main', event = 'push' } = run
  const { environment, actor = 'octocat', workflow = 'deploy.yml' } = run
  const name = `${owner}/${repository}`
  const workflowRef = `${name}/.github/workflows/${workflow}@${ref}`
  // Since July 2026 a colon inside a value is encoded.
  const value = (text: string) => (run.subjectWithIds ? text.replaceAll(':', '%3A') : text)
  const context =
    environment !== undefined
      ? `environment:${value(environment)}`
      : event.startsWith('pull_request')
        ? 'pull_request'
        : `ref:${value(ref)}`
  return {
    sub: `repo:${run.subjectWithIds ? `${owner}@${ownerId}/${repository}@${repositoryId}` : name}:${context}`,
    aud: `https://github.com/${owner}`,
    ref,
    ref_type: ref.startsWith('refs/tags/') ? 'tag' : 'branch',
    ref_protected: 'true',
    sha: 'example0fake0example0fake0example0fake00',
    repository: name,
    repository_id: repositoryId,
    repository_owner: owner,
    repository_owner_id: ownerId,
    repository_visibility: 'private',
    run_id: '7000000001',
    run_number: '10',
    run_attempt: '1',
    actor,
    actor_id: '12',
    workflow: 'deploy',
    workflow_ref: workflowRef,
    workflow_sha: 'example0fake0example0fake0example0fake00',
    job_workflow_ref: workflowRef,
    job_workflow_sha: 'example0fake0example0fake0example0fake00',
    head_ref: '',
    base_ref: '',
    event_name: event,
    runner_environment: 'github-hosted',
    ...(environment === undefined ? {} : { environment, environment_node_id: 'EN_FAKE0EXAMPLE' }),
  }
}

const requestPath = '/runner/idtoken'

/** GitHub's issuer, with the endpoint of a runner by which a job gets its token (`@actions/core`: getIDToken). */
export class FakeGithub extends FakeIssuer {
  /** What the runner's job presents: ACTIONS_ID_TOKEN_REQUEST_TOKEN. */
  readonly requestToken = `FAKE-EXAMPLE-runner-${randomBytes(8).toString('hex')}`
  /** The run whose job asks. */
  run: GithubRun = {}

  constructor() {
    super({ keysPath: '/.well-known/jwks', more: (request, response) => this.#runner(request, response) })
  }

  /** ACTIONS_ID_TOKEN_REQUEST_URL: clients append `&audience=…`. */
  get requestUrl(): string {
    return `${this.origin}${requestPath}?api-version=2.0`
  }

  /** A token of a run for this audience. */
  tokenOf(run: GithubRun, audience: string, more: Record<string, unknown> = {}): string {
    return this.token({ ...githubClaims(run), aud: audience, ...more })
  }

  #runner(request: IncomingMessage, response: ServerResponse): boolean {
    const url = new URL(request.url ?? '/', 'http://runner.invalid')
    if (url.pathname !== requestPath) return false
    if (request.headers.authorization !== `Bearer ${this.requestToken}`) {
      response.writeHead(401, { 'content-type': 'application/json' }).end(JSON.stringify({ message: 'not the job' }))
      return true
    }
    const { aud, ...claims } = githubClaims(this.run)
    const value = this.token({ ...claims, aud: url.searchParams.get('audience') ?? aud })
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ count: value.length, value }))
    return true
  }
}

export async function startFakeGithub(): Promise<FakeGithub> {
  return await new FakeGithub().start()
}
