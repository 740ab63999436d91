import { assertionProof } from './assertion.ts'
import { type Environment, IdentityError, type WorkloadIdentity } from './identity.ts'

/** Where a GitHub Actions job asks for ID tokens, and with what. */
export const githubVariables = { url: 'ACTIONS_ID_TOKEN_REQUEST_URL', token: 'ACTIONS_ID_TOKEN_REQUEST_TOKEN' } as const
const fix = 'Give the job `permissions: id-token: write`.'
const answerMsMax = 10_000
const answerCharsMax = 65_536

/** The OIDC token of a GitHub Actions job, asked for at each renewal, for the audience of this Keyward. */
export function githubJob(
  env: Environment,
  options: { readonly workload?: string | undefined; readonly fetch?: typeof fetch } = {},
): WorkloadIdentity {
  const { workload } = options
  return {
    source: 'github-actions',
    about: 'the OIDC token of this GitHub Actions job',
    workload,
    async prove(issuer) {
      const token = await askRunner(
        requestAddress(env[githubVariables.url], issuer),
        env[githubVariables.token] ?? '',
        options.fetch ?? fetch,
      )
      return assertionProof(token, 'The answer of the runner', fix, workload)
    },
  }
}

function requestAddress(text: string | undefined, issuer: string): URL {
  const url = URL.parse(text ?? '')
  if (url === null) throw new IdentityError(`${githubVariables.url} holds no address`, fix)
  // The request carries a token of the runner.
  const local = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(url.hostname)
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && local))
    throw new IdentityError(`${githubVariables.url} is not https`, 'GitHub sets it to an https address: leave it alone.')
  url.searchParams.set('audience', issuer)
  return url
}

async function askRunner(url: URL, token: string, send: typeof fetch): Promise<string> {
  let response: Response
  try {
    response = await send(url, {
      headers: { authorization: `Bearer ${token}`, accept: 'application/json' },
      redirect: 'error',
      signal: AbortSignal.timeout(answerMsMax),
    })
  } catch (error) {
    throw new IdentityError(
      `GitHub's token service at ${url.host} did not answer`,
      'Start the job again; GitHub itself may be down.',
      error,
    )
  }
  const text = await response.text()
  if (!response.ok) throw new IdentityError(`GitHub's token service at ${url.host} answered ${response.status}`, fix)
  const value = text.length > answerCharsMax ? undefined : valueIn(text)
  if (value === undefined) throw new IdentityError(`GitHub's token service at ${url.host} answered without a token`, fix)
  return value
}

function valueIn(text: string): string | undefined {
  try {
    const answer: unknown = JSON.parse(text)
    return typeof answer === 'object' && answer !== null && 'value' in answer && typeof answer.value === 'string' ? answer.value : undefined
  } catch {
    return undefined
  }
}
