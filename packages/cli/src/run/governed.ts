import { exitCodes, Failure } from '../failure.ts'
import type { ActingAs } from './identity.ts'
import type { SidecarKey } from './sidecar-key.ts'
import { type LiveToken, TokenRefused, TokenSource } from './token-source.ts'

/** One grant of a run, with a token that was already got: the program starts only when every grant gives one. */
export interface Governed {
  readonly grant: string
  /** The resource's name. */
  readonly name: string
  readonly source: TokenSource
  readonly token: LiveToken
}

/** @throws Failure naming each grant that gives no token, and why */
export async function govern(acting: ActingAs, key: SidecarKey, grants: readonly string[]): Promise<Governed[]> {
  const sources = grants.map((grant) => ({ grant, source: new TokenSource(acting, key, grant) }))
  const got = await Promise.allSettled(sources.map(({ source }) => source.get()))
  const governed: Governed[] = []
  const refused: TokenRefused[] = []
  for (const [at, result] of got.entries()) {
    const from = sources[at]
    if (from === undefined) continue
    if (result.status === 'fulfilled') governed.push({ ...from, token: result.value, name: nameOf(result.value) })
    else if (result.reason instanceof TokenRefused) refused.push(result.reason)
    else throw result.reason
  }
  const [first] = refused
  if (first === undefined) return distinct(governed)
  await release(governed)
  const away = first.code === 'unreachable'
  throw new Failure(away ? exitCodes.away : exitCodes.refused, away ? first.message : refused.map((one) => one.message).join('; '), {
    fix: fixFor(first.code, acting),
  })
}

/** How long a run that is over waits for the server to end its tokens. */
const revokeMsMax = 2_000

/** Ends all tokens of a run, as far as the server is there to hear it. */
export async function release(governed: readonly Governed[]): Promise<void> {
  await Promise.all(governed.map(({ source }) => source.revoke(revokeMsMax)))
}

function nameOf(token: LiveToken): string {
  return new URL(token.resource).pathname.split('/').at(-1) ?? ''
}

async function distinct(governed: readonly Governed[]): Promise<Governed[]> {
  const seen = new Map<string, string>()
  for (const { name, grant } of governed) {
    const other = seen.get(name)
    if (other !== undefined) {
      await release(governed)
      throw new Failure(
        exitCodes.usage,
        `The grants ${other} and ${grant} are both for the resource ${name}: calls could not be told apart`,
        {
          fix: 'Name one of them.',
        },
      )
    }
    seen.set(name, grant)
  }
  return [...governed]
}

/** What helps against a refusal by the token endpoint. */
export function fixFor(code: string, { identity }: ActingAs): string {
  const { workload = 'wl_…', source } = identity
  if (code === 'unreachable') return 'Start Keyward, or name its server with --server or KEYWARD_SERVER.'
  if (code === 'identity_unreadable') return 'keyward run --explain shows which identities were looked for.'
  if (code === 'invalid_grant' || (code === 'invalid_client' && source !== 'enrolled'))
    return `Shown was ${identity.about}. Somebody who is logged in sees which trust rule it misses, and by what: keyward issuer try --token-file FILE`
  if (code === 'invalid_client')
    return `See whether it was revoked: keyward workload show ${workload}. If not, enrol this machine again (keyward workload enroll ${workload}), and check that its clock is right.`
  if (code === 'invalid_scope') return `See the grants that ${workload} has: keyward grant list --workload ${workload}`
  return `See what the grant says: keyward grant list --workload ${workload}`
}
