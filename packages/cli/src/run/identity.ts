import type { ambientIdentities, Sought } from '@keyward/sdk/workload-identity/ambient'
import type { IdentitySource, WorkloadIdentity } from '@keyward/sdk/workload-identity/identity'
import type { Command } from 'commander'
import { canonicalOrigin, serverOrigin } from '../connection/address.ts'
import { Api } from '../connection/api.ts'
import { issuerOf } from '../connection/issuer.ts'
import { exitCodes, Failure, wrongUsage } from '../failure.ts'
import type { Enrolments } from './enrolments.ts'

export interface IdentityOptions {
  readonly server?: string
  readonly workload?: string
  readonly identity?: string
  readonly identityTokenFile?: string
}

/** Who a program acts as, and the Keyward that it is proved to. */
export interface ActingAs {
  /** RFC 8414 `issuer` */
  readonly issuer: string
  readonly identity: WorkloadIdentity
}

export type Environment = Readonly<Record<string, string | undefined>>

/** The flags of every command that acts as a workload. */
export function addIdentityOptions(command: Command): Command {
  return command
    .option('--workload <workload>', 'who acts (wl_…), where several could be meant (KEYWARD_WORKLOAD)')
    .option('--identity <source>', 'take this identity: token-file, certificate, gitlab-ci, github-actions, kubernetes or enrolled')
    .option('--identity-token-file <file>', 'prove the identity by the token in this file, which somebody else keeps fresh')
}

/**
 * The identity to act by: the one that was named; else the key that this machine was enrolled with for the named workload; else the first that
 * the surroundings give (sdk, workload-identity/ambient); else the machine's enrolment.
 * @throws Failure that lists what was looked for
 */
export async function identityFor(options: IdentityOptions, env: Environment): Promise<ActingAs> {
  const origin = serverOrigin(options.server, env)
  const survey = await surveyIdentities(options, env)
  const { chosen } = survey
  if (chosen === undefined) throw nothingFound(survey, origin)
  if (chosen.source === 'enrolled') return await enrolledAt(origin, survey)
  if (chosen.identity === undefined)
    throw new Failure(exitCodes.refused, `The identity ${chosen.source} is not there`, {
      fix: `It takes ${chosen.lookedFor}${hintOf(chosen)}.`,
    })
  return { issuer: await issuerOf(new Api(origin, undefined)), identity: chosen.identity }
}

/** What was looked at, in order, and what that comes to. */
export interface Survey {
  readonly sought: readonly Sought[]
  readonly chosen: Sought | undefined
  /** Workloads that this machine is enrolled for there. */
  readonly enrolled: readonly { readonly name: string; readonly workload: string }[]
  readonly enrolments: Enrolments
  /** Who acts, where that was said. */
  readonly workload: string | undefined
}

/** Looks, and asks nobody. @throws Failure (usage) for an identity of an unknown name */
export async function surveyIdentities(options: IdentityOptions, env: Environment): Promise<Survey> {
  const [{ ambientIdentities, workloadVariable }, { tokenFile }, { identitySources }, { openEnrolments }] = await Promise.all([
    import('@keyward/sdk/workload-identity/ambient'),
    import('@keyward/sdk/workload-identity/token-file'),
    import('@keyward/sdk/workload-identity/identity'),
    import('./enrolments.ts'),
  ])
  const wanted = sourceNamed(options, identitySources)
  const origin = serverOrigin(options.server, env)
  const enrolments = openEnrolments(env)
  const names = [...new Set([origin, canonicalOrigin(origin)])]
  const enrolled = names.flatMap((name) => enrolments.workloadsAt(name).map((workload) => ({ name, workload })))
  const workload = options.workload ?? (env[workloadVariable]?.trim() || undefined)
  const ambient = lookAround(ambientIdentities, env, workload)
  const byKey: Sought = { source: 'enrolled', lookedFor: 'a key of `keyward workload enroll` on this machine', identity: undefined }
  const sought = [...ambient, byKey]
  if (options.identityTokenFile !== undefined) {
    const file = options.identityTokenFile
    const named: Sought = { source: 'token-file', lookedFor: '--identity-token-file', identity: tokenFile({ file, workload }) }
    return { sought: [named, ...sought], chosen: named, enrolled, enrolments, workload }
  }
  if (wanted !== undefined) return { sought, chosen: sought.find(({ source }) => source === wanted), enrolled, enrolments, workload }
  const isEnrolledFor = enrolled.some((one) => one.workload === options.workload)
  const found = isEnrolledFor
    ? byKey
    : (ambient.find(({ identity }) => identity !== undefined) ?? (enrolled.length > 0 ? byKey : undefined))
  return { sought, chosen: found, enrolled, enrolments, workload }
}

function lookAround(look: typeof ambientIdentities, env: Environment, workload: string | undefined): Sought[] {
  return look(env, { workload })
}

function sourceNamed(options: IdentityOptions, known: readonly IdentitySource[]): IdentitySource | undefined {
  const { identity } = options
  if (identity === undefined) return undefined
  if (options.identityTokenFile !== undefined) throw wrongUsage('Give one of --identity and --identity-token-file')
  const source = known.find((one) => one === identity)
  if (source === undefined) throw wrongUsage(`--identity: "${identity}" is not one of ${known.join(', ')}`)
  return source
}

async function enrolledAt(origin: string, { enrolled, enrolments, workload }: Survey): Promise<ActingAs> {
  const chosen = workload === undefined ? enrolled : enrolled.filter((one) => one.workload === workload)
  const [only, another] = chosen
  if (only === undefined)
    throw new Failure(exitCodes.refused, `This machine is not enrolled for ${workload ?? 'any workload'} at ${origin}`, {
      fix: `keyward workload enroll ${workload ?? 'wl_…'} (needs a login), or name the server with --server.`,
    })
  if (another !== undefined)
    throw wrongUsage(
      `This machine is enrolled for several workloads: ${chosen.map((one) => one.workload).join(', ')}`,
      'Say which with --workload; `keyward grant show grt_…` says whose a grant is.',
    )
  const enrolment = await enrolments.read(only.name, only.workload)
  if (enrolment === undefined)
    throw new Failure(exitCodes.refused, `The private key of ${only.workload} is gone from ${enrolments.place}`, {
      fix: `keyward workload enroll ${only.workload}`,
    })
  const { enrolledKey } = await import('@keyward/sdk/workload-identity/enrolled-key')
  const about = `the key that this machine is enrolled with for ${enrolment.workload}`
  return { issuer: enrolment.origin, identity: enrolledKey({ workload: enrolment.workload, key: enrolment.key, about }) }
}

function nothingFound({ sought, workload }: Survey, origin: string): Failure {
  const hints = sought.flatMap(({ hint }) => (hint === undefined ? [] : [hint]))
  const looked = sought.map(({ lookedFor }) => lookedFor).join('; ')
  return new Failure(
    exitCodes.refused,
    `This machine is not enrolled for ${workload ?? 'any workload'} at ${origin}, and its surroundings give no identity${hints.length === 0 ? '' : `: ${hints.join('; ')}`}`,
    {
      fix: `keyward workload enroll ${workload ?? 'wl_…'} (needs a login), or name the server with --server. Looked for, in this order: ${looked}.`,
    },
  )
}

function hintOf({ hint }: Sought): string {
  return hint === undefined ? '' : ` (${hint})`
}

/** Lines for people: what was looked for, what is there, which one counts. */
export function explainSurvey({ sought, chosen, enrolled }: Survey): string[] {
  return sought.map((one) => {
    const there = one.source === 'enrolled' ? enrolled.length > 0 : one.identity !== undefined
    const what = one.source === 'enrolled' && there ? `enrolled for ${enrolled.map(({ workload }) => workload).join(', ')}` : one.lookedFor
    const state = one === chosen ? 'taken' : there ? 'there' : 'not there'
    return `${one.source.padEnd(14)}  ${state.padEnd(9)}  ${what}${hintOf(one)}`
  })
}
