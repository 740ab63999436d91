import { createHash } from 'node:crypto'
import type { Credential } from '@keyward/contract/credentials'
import { isGuessable } from '@keyward/contract/detections'
import type { Grant } from '@keyward/contract/grants'
import type { Resource } from '@keyward/contract/resources'
import type { Workload } from '@keyward/contract/workloads'
import type { Inventoried, Report } from '@keyward/scanner/detection/detection'
import type { Api } from '../connection/api.ts'
import { originOf } from '../discovery/origin.ts'
import { reportTo } from '../discovery/report.ts'
import { exitCodes, Failure } from '../failure.ts'
import { readPages } from '../resource/pages.ts'
import { routeOf } from '../resource/routes.ts'
import { type Found, textOf } from './found.ts'
import type { Lending } from './lending.ts'

/**
 * What the inventory knows of each secret, asked by digest: the detections are on record before their secrets go into the vault. Nothing is
 * known where reporting is not allowed; the server takes no secret twice in any case.
 */
export async function knownToInventory(api: Api, found: readonly Found[]): Promise<Map<Found, Inventoried>> {
  const byDetection = new Map(found.map((one) => [one.detection.fingerprint, one]))
  const report: Report = {
    ...{ detections: found.map((one) => one.detection), notices: [], noticesLeftOut: 0, partial: false, tookMs: 0, detectorsVersion: '' },
    ...{ counts: { files: 0, bytes: 0, commits: 0 }, dismissed: 0, remarks: [] },
  }
  const known = new Map<Found, Inventoried>()
  try {
    const told = await reportTo(api, report, originOf(found[0]?.places[0]?.file ?? '.'), (one) => byDetection.get(one.fingerprint)?.secret)
    for (const one of told.report.detections) {
      const of = byDetection.get(one.fingerprint)
      if (of !== undefined && one.inventory !== undefined) known.set(of, one.inventory)
    }
  } catch (error) {
    if (!(error instanceof Failure && error.problem?.code === 'forbidden')) throw error
  }
  return known
}

/**
 * The same for the same secret, wherever and whenever it is adopted; of a password, whose digest would say what it is, the same for the
 * same adoption.
 */
export function idempotencyKey({ detection }: Found, adoption: string, number: number): string {
  if (detection.digest === undefined || isGuessable(detection.detector)) return `adopt:${adoption}:${number}`
  return `adopt:${createHash('sha256').update(`keyward adopt\n${detection.digest}`).digest('hex').slice(0, 48)}`
}

/** Puts the secret into the vault. A name that is taken gets a number, unless a person chose it. */
export async function createCredential(
  api: Api,
  found: Found,
  body: Readonly<Record<string, unknown>>,
  key: string,
  nameIsChosen: boolean,
): Promise<Credential> {
  const route = await routeOf('credentials', 'create')
  const name = String(body.name)
  for (let number = 1; ; number++) {
    const tried = number === 1 ? { name, key } : { name: `${name} ${number}`, key: `${key}:${number}` }
    try {
      const { answer } = await api.call(route, {
        body: { ...body, name: tried.name, secret: textOf(found.secret) },
        idempotencyKey: tried.key,
      })
      return answer as Credential
    } catch (error) {
      const holder = holderOf(error)
      if (holder !== undefined)
        return (await api.call(await routeOf('credentials', 'show'), { params: { id: holder } })).answer as Credential
      if (nameIsChosen || number >= namesTriedMax || !isTaken(error)) throw error
    }
  }
}

/** A password, which is not asked for by digest, may be in the vault already: the refusal says where. */
function holderOf(error: unknown): string | undefined {
  const problem = error instanceof Failure ? error.problem : undefined
  if (problem?.code !== 'conflict' || !problem.errors?.some((one) => one.field === '/secret')) return undefined
  return /\((cred_[0-9a-z]{26})\) holds this secret already/.exec(problem.detail ?? '')?.[1]
}

const namesTriedMax = 20

/** The name is in use: not the secret, of which there can be no second. */
function isTaken(error: unknown): boolean {
  return (
    error instanceof Failure && error.problem?.code === 'conflict' && (error.problem.errors ?? []).some((one) => /name$/.test(one.field))
  )
}

/** The resource that lends this credential: the one there is, or a new one with its provider's name. */
export async function resourceFor(
  api: Api,
  credential: Credential,
  lending: Lending,
  allowPrivate: boolean,
  key: string,
): Promise<Resource> {
  const [there] = await all<Resource>(api, 'resources', { credential: credential.id })
  if (there !== undefined) return there
  const route = await routeOf('resources', 'create')
  const base = credential.provider.replaceAll(/[^a-z0-9-]+/g, '-')
  for (let number = 1; ; number++) {
    const name = number === 1 ? base : `${base}-${number}`
    try {
      const { kind, upstream, provider, injection } = lending
      const body = {
        ...{ name, kind, upstream, credential: credential.id },
        ...(provider === undefined ? {} : { provider }),
        ...(injection === undefined ? {} : { injection }),
        ...(allowPrivate ? { allow_private: true } : {}),
      }
      const { answer } = await api.call(route, { body, idempotencyKey: `${key}:resource:${number}` })
      return answer as Resource
    } catch (error) {
      if (number >= namesTriedMax || !isTaken(error)) throw error
    }
  }
}

/** The workload of an id or a name; a name that nobody has becomes one. */
export async function workloadFor(api: Api, named: string, make: { owner: string; environment: string; type: string }): Promise<Workload> {
  if (named.startsWith('wl_')) return (await api.call(await routeOf('workloads', 'show'), { params: { id: named } })).answer as Workload
  const alike = await all<Workload>(api, 'workloads', { q: named, environment: make.environment, state: 'active' })
  const there = alike.find((one) => one.name.toLowerCase() === named.toLowerCase())
  if (there !== undefined) return there
  return (await api.call(await routeOf('workloads', 'create'), { body: { name: named, ...make } })).answer as Workload
}

/** The workload's grant on the resource, made where it has none: all that the secret allowed, through the gateway. */
export async function grantFor(api: Api, workload: Workload, resource: Resource, models: readonly string[]): Promise<Grant> {
  const there = await all<Grant>(api, 'grants', { workload: workload.id, resource: resource.id, state: 'active' })
  if (there[0] !== undefined) return there[0]
  const everyMethod = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']
  const scope = resource.kind === 'llm' ? { models } : { methods: everyMethod, paths: ['/**'] }
  const body = { workload: workload.id, resource: resource.id, scope, reason: 'keyward adopt' }
  return (await api.call(await routeOf('grants', 'create'), { body })).answer as Grant
}

/** Every item of a list. */
export async function all<T>(
  api: Api,
  group: 'resources' | 'workloads' | 'grants' | 'owners' | 'environments',
  query: Readonly<Record<string, string>>,
): Promise<T[]> {
  const items: unknown[] = []
  for await (const page of readPages(api, await routeOf(group, 'list'), query, { all: true })) items.push(...page.items)
  return items as T[]
}

/** What the inventory has of a secret that it knows. @throws Failure where that is none of the caller's business */
export async function credentialKnown(api: Api, { known, credential, id }: Inventoried): Promise<Credential | undefined> {
  if (!known) return undefined
  if (credential === null)
    throw new Failure(exitCodes.refused, 'The inventory has this secret already, in a credential that you may not see', {
      fix: `Ask an administrator about ${id}. Until then, take it out of the file by hand.`,
    })
  return (await api.call(await routeOf('credentials', 'show'), { params: { id: credential } })).answer as Credential
}
