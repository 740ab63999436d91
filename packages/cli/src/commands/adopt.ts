import { realpathSync } from 'node:fs'
import { sep } from 'node:path'
import type { Resource } from '@keyward/contract/resources'
import { workloadTypes } from '@keyward/contract/words'
import type { Command } from 'commander'
import type { Wish } from '../adopt/adopt.ts'
import type { Adoptions } from '../adopt/adoption.ts'
import type { Ask } from '../adopt/ask.ts'
import type { Found } from '../adopt/found.ts'
import type { Lending } from '../adopt/lending.ts'
import { type CommonOptions, serverCommand } from '../common-options.ts'
import type { Api } from '../connection/api.ts'
import { connect } from '../connection/connect.ts'
import { exitCodes, Failure, wrongUsage } from '../failure.ts'
import { cancelled } from '../input/prompt.ts'
import { note, print, printJson } from '../output/print.ts'
import { list, oneOf } from '../resource/parsers.ts'

interface AdoptOptions extends CommonOptions {
  readonly in?: string
  readonly all?: boolean
  readonly owner?: string
  readonly name?: string
  readonly environment?: string
  readonly resource?: string
  readonly upstream?: string
  readonly allowPrivate?: boolean
  readonly workload?: string
  readonly workloadType: string
  readonly models?: string
  readonly check?: string
  readonly rewrite: boolean
  readonly dryRun?: boolean
  readonly yes?: boolean
  readonly list?: boolean
  readonly undo?: string
  readonly forget?: string
  readonly force?: boolean
}

export function adoptCommand(): Command {
  return serverCommand('adopt', 'Move a found secret into the vault, give it an owner, and leave a reference in its place')
    .argument('[what]', 'a path, path:line, the beginning of a fingerprint, or a reported detection (det_…)')
    .option('--all', 'every secret of the path')
    .option('--in <path>', 'where to look for a fingerprint (default: this folder)')
    .option('--owner <owner>', "the accountable person or team: id, contact or name (default: git's author, where that is one)")
    .option('--name <name>', 'what people call it (default: what it is, and the project)')
    .option('--environment <environment>', "development, production, … (default: as the file's name says)")
    .option('--resource <resource>', 'lend it through this resource, which keeps its own credential (default: one is made for it)')
    .option('--upstream <url>', 'where the resource leads (default: the address of the provider)')
    .option('--allow-private', 'allow an upstream at a private or loopback address (an admin with fresh authentication)')
    .option('--workload <workload>', 'who may use it: an id, or a name, which is made and enrolled on this machine')
    .option('--workload-type <type>', `of one that is made: ${workloadTypes.join(', ')}`, 'agent')
    .option('--models <a,b>', 'models that the workload may use (default: all)')
    .option('--check <command>', 'run this through keyward run afterwards; where it fails, every file is put back')
    .option('--no-rewrite', 'leave the file as it is')
    .option('--dry-run', 'show what would change, secrets masked; needs no server')
    .option('-y, --yes', 'take every guess, ask nothing')
    .option('--undo <id>', 'put the files of an adoption back, byte for byte')
    .option('--force', 'with --undo: even where they were changed since; a copy of that is kept')
    .option('--forget <id>', 'remove the old files that an adoption keeps: they hold the secret, and without them there is no way back')
    .option('--list', 'adoptions on this machine')
    .action(async (what: string | undefined, _: unknown, self: Command) => {
      const options = self.optsWithGlobals<AdoptOptions>()
      const { Adoptions } = await import('../adopt/adoption.ts')
      const adoptions = new Adoptions(process.env)
      if (options.list) listAdoptions(adoptions, options)
      else if (options.undo !== undefined) await undoAdoption(adoptions, options.undo, options)
      else if (options.forget !== undefined) forgetAdoption(adoptions, options.forget, options)
      else if (what === undefined)
        throw wrongUsage('Say what to adopt: a path, path:line, a fingerprint or det_…', 'keyward scan finds them.')
      else process.exitCode = await adoptSecrets(adoptions, what, options)
    })
}

async function adoptSecrets(adoptions: Adoptions, what: string, options: AdoptOptions): Promise<number> {
  if (options.check !== undefined && !options.rewrite) throw wrongUsage('--check tries what was rewritten: leave out --no-rewrite')
  const [{ target }, { onTerminal, takesGuesses }, told] = await Promise.all([
    import('../adopt/target.ts'),
    import('../adopt/ask.ts'),
    import('../adopt/told.ts'),
  ])
  const ask = process.stdin.isTTY && process.stderr.isTTY && options.yes !== true ? await onTerminal() : takesGuesses
  let api: Api | undefined
  const server = () => {
    api ??= connect(options)
    return api
  }
  if (options.dryRun !== true) {
    const complete = await endedBefore(adoptions, what, options)
    for (const one of complete) note(`Adoption ${one.id}, which had been cut short, is complete.`)
    if (complete.length > 0) {
      const left = await target(what, { all: true, within: options.in ?? '.' }, server)
      if (left.found.length === 0) return exitCodes.done
    }
  }
  const search = await target(what, { all: options.all === true, within: options.in ?? '.' }, server)
  if (search.found.length === 0)
    throw new Failure(exitCodes.refused, `No secret found in ${what}`, { fix: 'keyward scan looks into histories, images and logs too.' })
  const found = await chosen(search.found, options, ask)
  const lendingOf = await lendings(found, options.upstream)
  if (options.dryRun) {
    told.tellDryRun(found, lendingOf, search.masks, options)
    return exitCodes.done
  }
  const [{ historyOf }, { settingsFor }, { adopt }] = await Promise.all([
    import('../adopt/history.ts'),
    import('../adopt/settings.ts'),
    import('../adopt/adopt.ts'),
  ])
  const histories = new Map(
    await Promise.all(found.map(async (one) => [one, await historyOf(one.places[0]?.file ?? '.', one.secret)] as const)),
  )
  const by = [...histories.values()].find((one) => one.by !== undefined)?.by
  const settings = await settingsFor(server(), found, by, options, ask)
  const wish: Wish = {
    settings,
    lendingOf,
    nameIsChosen: options.name !== undefined,
    ...(await resourceWished(server(), found, options, ask)),
    ...(await workloadWished(options, ask)),
    upstreamIsOwn: options.upstream !== undefined,
    allowPrivate: options.allowPrivate === true,
    rewrite: options.rewrite,
    ...(options.check === undefined ? {} : { check: options.check }),
  }
  if (ask.asks) {
    told.tellDryRun(found, lendingOf, search.masks, { ...options, json: false })
    if (!(await ask.yes('Take it into the vault, and change the files so?'))) throw cancelled()
  }
  const outcome = await adopt(server(), adoptions, found, wish)
  told.tellOutcome(outcome, { histories, masks: search.masks, folder: adoptions.folder, rewrite: options.rewrite }, options)
  return outcome.byHand.length > 0 ? exitCodes.refused : exitCodes.done
}

async function endedBefore(adoptions: Adoptions, what: string, options: AdoptOptions) {
  const { ended } = await import('../adopt/adopt.ts')
  const path = what.replace(/:\d+(?::\d+)?$/, '')
  let real: string
  try {
    real = realpathSync(path)
  } catch {
    real = realpathSync(options.in ?? '.')
  }
  return ended(adoptions, (file) => file === real || file.startsWith(`${real}${sep}`), options.check)
}

async function chosen(found: readonly Found[], options: AdoptOptions, ask: Ask): Promise<readonly Found[]> {
  if (found.length === 1 || options.all === true) return found
  const { several } = await import('../adopt/target.ts')
  if (!ask.asks) throw several(found)
  const choices = found.map(({ detection, places: [place] }, number) => ({
    value: String(number),
    label: `${detection.name} ${detection.masked} in ${place?.shown}:${place?.line}`,
  }))
  const wanted = new Set(await ask.several('Which?', choices))
  return found.filter((_, number) => wanted.has(String(number)))
}

async function lendings(found: readonly Found[], upstream: string | undefined): Promise<(one: Found) => Lending | undefined> {
  const { lendingOf, verifyCalls } = await import('../adopt/lending.ts')
  const calls = await verifyCalls()
  const made = new Map(found.map((one) => [one, lendingOf(one, calls.get(one.detection.detector), upstream)]))
  return (one) => made.get(one)
}

/** An existing resource is used as it is, with its own credential: the found one is then kept to be ended. */
async function resourceWished(api: Api, found: readonly Found[], { resource }: AdoptOptions, ask: Ask): Promise<{ resource?: string }> {
  const [only] = found
  if (resource === undefined && (!ask.asks || found.length !== 1 || only === undefined)) return {}
  const { all } = await import('../adopt/inventory.ts')
  const resources = await all<Resource>(api, 'resources', {})
  if (resource !== undefined) {
    const one = resources.find(({ id, name }) => id === resource || name === resource)
    if (one !== undefined) return { resource: one.id }
    throw new Failure(exitCodes.refused, `There is no resource ${resource}`, {
      fix: 'keyward resource list; or leave it out: one is made.',
    })
  }
  const alike = resources.filter((one) => one.provider === only?.detection.provider)
  if (alike.length === 0) return {}
  const choices = [
    { value: '', label: 'A new resource that lends this secret' },
    ...alike.map((one) => ({ value: one.id, label: `${one.name}, with the credential that it has` })),
  ]
  const answer = await ask.choice('Through which resource do programs reach it?', choices, '')
  return answer === undefined || answer === '' ? {} : { resource: answer }
}

async function workloadWished({ workload, workloadType, models }: AdoptOptions, ask: Ask): Promise<Pick<Wish, 'workload'>> {
  const named = workload ?? (ask.asks ? await ask.text('Which workload uses it (name or wl_…; empty: none now)?', '') : '')
  if (named === '') return {}
  const type = String(oneOf(workloadTypes)(workloadType, '--workload-type'))
  return { workload: { named, type, models: models === undefined ? ['*'] : (list(models, '--models') as string[]) } }
}

function listAdoptions(adoptions: Adoptions, { json }: AdoptOptions): void {
  const items = adoptions.list()
  if (json) printJson({ items })
  else if (items.length === 0) print('Nothing was adopted on this machine.')
  for (const { id, state, at, files, secrets } of json ? [] : items)
    print(
      `${id}  ${state.padEnd(9)}  ${at.slice(0, 16)}  ${secrets.map((one) => one.credential ?? one.detector).join(', ')}  ${files.map((one) => one.file).join(', ')}`,
    )
}

async function undoAdoption(adoptions: Adoptions, id: string, { json, force }: AdoptOptions): Promise<void> {
  const { undo } = await import('../adopt/undo.ts')
  const { restored, copies } = undo(adoptions, adoptions.read(id), force === true)
  if (json) return printJson({ adoption: id, restored, copies })
  print(restored.length === 0 ? 'Every file was as before already.' : `As before: ${restored.join(', ')}`)
  for (const copy of copies) print(`What was there is kept as ${copy}`)
  print('The vault keeps the secret, and its file holds it again: it is still to be replaced at its provider.')
}

function forgetAdoption(adoptions: Adoptions, id: string, { json }: AdoptOptions): void {
  adoptions.forget(id)
  if (json) printJson({ adoption: id, forgotten: true })
  else print(`The old files of ${id} are removed.`)
}
