import { rmSync } from 'node:fs'
import type { Credential } from '@keyward/contract/credentials'
import type { Resource } from '@keyward/contract/resources'
import type { Workload } from '@keyward/contract/workloads'
import { enroll } from '../commands/workload-enroll.ts'
import type { Api } from '../connection/api.ts'
import { issuerOf } from '../connection/issuer.ts'
import { exitCodes, Failure } from '../failure.ts'
import { routeOf } from '../resource/routes.ts'
import { openEnrolments } from '../run/enrolments.ts'
import type { AdoptedSecret, Adoption, Adoptions, KeptFile } from './adoption.ts'
import { check } from './check.ts'
import { type Found, readFileBytes } from './found.ts'
import { createCredential, credentialKnown, grantFor, idempotencyKey, knownToInventory, resourceFor, workloadFor } from './inventory.ts'
import type { Lending } from './lending.ts'
import { type ByHand, type FilePlan, planOf, sha256 } from './plan.ts'
import { type Lent, lendingBy, referencesTo } from './references.ts'
import { draftOf, replaceFile } from './replace.ts'
import type { Settings } from './settings.ts'
import { undo } from './undo.ts'

/** What is to become of each secret, as the command line and the answers have it. */
export interface Wish {
  readonly settings: Settings
  /** Absent: the gateway can't lend it. */
  readonly lendingOf: (found: Found) => Lending | undefined
  readonly nameIsChosen: boolean
  /** A resource to use as it is, with its own credential; else one is made that lends the adopted one. */
  readonly resource?: string
  readonly workload?: { readonly named: string; readonly type: string; readonly models: readonly string[] }
  readonly upstreamIsOwn: boolean
  readonly allowPrivate: boolean
  readonly rewrite: boolean
  readonly check?: string
}

/** One secret, and what it is now. */
export interface Adopted {
  readonly found: Found
  readonly credential: Credential
  readonly resource?: Resource
  readonly grant?: string
  /** The inventory had it before. */
  readonly wasKnown: boolean
}

export interface Outcome {
  readonly adoption: Adoption
  readonly adopted: readonly Adopted[]
  readonly files: readonly FilePlan[]
  readonly byHand: readonly ByHand[]
  readonly workload?: Workload
}

/**
 * Vault first, then files: what is in no file any more is in the vault. Each step is written down before it is taken (adoption.ts).
 * @throws Failure, with every file as it was before or as it is to be
 */
export async function adopt(api: Api, adoptions: Adoptions, found: readonly Found[], wish: Wish): Promise<Outcome> {
  for (const one of found) for (const place of one.places) adoptions.requireOutside(place.file)
  let adoption = adoptions.save(resumed(adoptions, begun(api, adoptions, found, wish)))
  const known = await knownToInventory(api, found)
  const adopted: Adopted[] = []
  let workload: Workload | undefined
  for (const [number, one] of found.entries()) {
    const inventoried = known.get(one)
    const there = inventoried === undefined ? undefined : await credentialKnown(api, inventoried)
    const chosen = adoption.secrets[number]
    const key = idempotencyKey(one, adoption.id, number)
    const credential = there ?? (await createCredential(api, one, chosen?.body ?? {}, key, wish.nameIsChosen))
    const lending = wish.lendingOf(one)
    const resource =
      wish.resource !== undefined
        ? ((await api.call(await routeOf('resources', 'show'), { params: { id: wish.resource } })).answer as Resource)
        : lending === undefined || credential.state === 'revoked'
          ? undefined
          : await resourceFor(api, credential, lending, wish.allowPrivate, key)
    if (resource !== undefined && wish.workload !== undefined)
      workload ??= await workloadFor(api, wish.workload.named, {
        ...{ owner: wish.settings.owner, environment: wish.settings.environment, type: wish.workload.type },
      })
    const grant =
      resource === undefined || workload === undefined
        ? undefined
        : (await grantFor(api, workload, resource, wish.workload?.models ?? ['*'])).id
    const made = { credential: credential.id, ...(resource ? { resource: resource.id } : {}), ...(grant ? { grant } : {}) }
    adopted.push({ found: one, credential, ...(resource ? { resource } : {}), ...(grant ? { grant } : {}), wasKnown: there !== undefined })
    adoption = adoptions.save({
      ...adoption,
      secrets: adoption.secrets.map((secret, at) => (at === number ? { ...secret, ...made } : secret)),
    })
  }
  const grants = [...new Set(adopted.flatMap(({ grant }) => (grant === undefined ? [] : [grant])))]
  if (workload !== undefined) await mayActHere(api, workload, wish)
  adoption = adoptions.save({ ...adoption, state: 'stored', grants, ...(workload ? { workload: workload.id } : {}) })
  const { files, byHand } = wish.rewrite ? planOf(found, referencesTo(adopted.map(lentBy), grants)) : { files: [], byHand: [] }
  adoption = rewriteFiles(adoptions, adoption, files)
  adoption = await verified(adoptions, adoption, wish.check, api.origin)
  return { adoption, adopted, files, byHand, ...(workload ? { workload } : {}) }
}

function lentBy({ found, credential, resource }: Adopted): Lent {
  return { found, credential: credential.id, lending: resource === undefined ? undefined : lendingBy(resource) }
}

/** What the first run of a repeat chose is kept, so that what it may have created is the same. */
function begun(api: Api, adoptions: Adoptions, found: readonly Found[], { settings, lendingOf, upstreamIsOwn }: Wish): Adoption {
  const secrets = found.map((one): AdoptedSecret => {
    const { kind, provider, purpose, authority } = one.detection
    const lending = lendingOf(one)
    const { owner, environment } = settings
    return {
      ...{ fingerprint: one.detection.fingerprint, detector: one.detection.detector, masked: one.detection.masked },
      file: one.places[0]?.file ?? '',
      body: {
        ...{ name: settings.nameOf(one), kind, provider, purpose, authority, environment, owner, labels: { source: 'keyward-adopt' } },
        ...(lending !== undefined && upstreamIsOwn ? { allowed_origins: [new URL(lending.upstream).origin] } : {}),
      },
    }
  })
  return { id: adoptions.newId(), state: 'begun', at: new Date().toISOString(), server: api.origin, secrets, files: [], grants: [] }
}

/** The run for the same that was cut short before it touched a file. What was wanted otherwise then is given up: nothing was changed by it. */
function resumed(adoptions: Adoptions, wanted: Adoption): Adoption {
  const wish = (of: Adoption) => JSON.stringify([of.server, of.secrets.map(({ fingerprint, file, body }) => [fingerprint, file, body])])
  for (const one of adoptions.open()) {
    if (one.state !== 'begun' && one.state !== 'stored') continue
    if (wish(one) === wish(wanted)) return { ...one, state: 'begun' }
    if (one.secrets.some((old) => wanted.secrets.some(({ fingerprint, file }) => old.fingerprint === fingerprint && old.file === file)))
      adoptions.forget(one.id)
  }
  return wanted
}

/** A workload that was named for this is this machine's; another one was enrolled by whoever made it. */
async function mayActHere(api: Api, { id }: Workload, { workload, check: command }: Wish): Promise<void> {
  if (
    openEnrolments(process.env)
      .workloadsAt(await issuerOf(api))
      .includes(id)
  )
    return
  if (workload?.named.startsWith('wl_') === false) await enroll(api, id)
  else if (command !== undefined)
    throw new Failure(exitCodes.refused, `This machine is not enrolled for ${id}, so that the check can't run. No file was changed`, {
      fix: `keyward workload enroll ${id}, then the same command again.`,
    })
}

function rewriteFiles(adoptions: Adoptions, adoption: Adoption, files: readonly FilePlan[]): Adoption {
  const kept = files.map(({ file, before, after }, number): KeptFile => {
    const copy = `${number}.before`
    adoptions.keep(adoption.id, copy, before)
    return { file, before: sha256(before), after: sha256(after), copy }
  })
  const rewriting = adoptions.save({ ...adoption, state: 'rewriting', files: kept })
  const done: FilePlan[] = []
  try {
    for (const plan of files) {
      replaceFile(plan.file, plan.after, sha256(plan.before), adoption.id)
      done.push(plan)
    }
  } catch (error) {
    for (const { file, before, after } of done) replaceFile(file, before, sha256(after), adoption.id)
    adoptions.save({ ...rewriting, state: 'stored', files: [] })
    throw error
  }
  return rewriting
}

async function verified(adoptions: Adoptions, adoption: Adoption, command: string | undefined, server: string): Promise<Adoption> {
  if (command !== undefined) {
    const code = await check(command, adoption.grants, adoption.workload, server)
    if (code !== 0) {
      undo(adoptions, adoption, false)
      throw new Failure(
        exitCodes.refused,
        `The check ended with ${code}: every file is as it was. The secret is in the vault all the same`,
        {
          fix: 'See what the program said above, and run the same command again; or leave the files as they are with --no-rewrite.',
        },
      )
    }
  }
  return adoptions.save({ ...adoption, state: 'done' })
}

/**
 * Ends adoptions that were cut short while their files were rewritten: those whose files are all as they are to be are complete, of which no
 * scan finds anything any more; of the others every file is put back, and the repeat begins anew.
 * @returns those that are complete now
 */
export async function ended(adoptions: Adoptions, isHere: (file: string) => boolean, command: string | undefined): Promise<Adoption[]> {
  const complete: Adoption[] = []
  for (const one of adoptions.open()) {
    if (one.state !== 'rewriting' || !one.files.some(({ file }) => isHere(file))) continue
    for (const { file } of one.files) rmSync(draftOf(file, one.id), { force: true })
    const states = new Set(one.files.map(stateOf))
    if (states.has('before') && !states.has('other')) undo(adoptions, one, false)
    else complete.push(await verified(adoptions, one, states.has('other') ? undefined : command, one.server))
  }
  return complete
}

/** `other`: somebody went on working on it. */
function stateOf({ file, before, after }: KeptFile): 'before' | 'after' | 'other' {
  const bytes = readFileBytes(file)
  const digest = bytes === undefined ? '' : sha256(bytes)
  return digest === after ? 'after' : digest === before ? 'before' : 'other'
}
