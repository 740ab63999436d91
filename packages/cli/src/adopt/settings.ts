import { basename, dirname } from 'node:path'
import type { Environment, Owner } from '@keyward/contract/owners'
import { repositoryOf } from '@keyward/scanner/sources/patch'
import type { Api } from '../connection/api.ts'
import { exitCodes, Failure, wrongUsage } from '../failure.ts'
import { safeLine } from '../output/safe.ts'
import { routeOf } from '../resource/routes.ts'
import type { Ask } from './ask.ts'
import type { Found } from './found.ts'
import type { Person } from './history.ts'
import { all } from './inventory.ts'

/** What flags say; the rest is guessed, and asked where somebody is there. */
export interface Flags {
  readonly owner?: string
  readonly name?: string
  readonly environment?: string
}

export interface Settings {
  readonly owner: string
  readonly environment: string
  nameOf(found: Found): string
}

/** @throws Failure where something is neither said, nor known, nor can be asked */
export async function settingsFor(api: Api, found: readonly Found[], by: Person | undefined, flags: Flags, ask: Ask): Promise<Settings> {
  if (flags.name !== undefined && found.length > 1)
    throw wrongUsage('--name is for one secret', 'Leave it out: each is named after what it is.')
  const owner = await ownerFor(api, by, flags.owner, ask)
  const environment = await environmentFor(api, found, flags.environment, ask)
  const [only] = found
  const guess = only === undefined ? '' : nameGuess(only)
  const name = flags.name ?? (found.length === 1 ? await ask.text('What is it called?', guess) : undefined)
  return { owner, environment, nameOf: (one) => name ?? nameGuess(one) }
}

/** The owner of an id, a contact or a name; else whoever brought the secret in, where that is an owner. */
async function ownerFor(api: Api, by: Person | undefined, said: string | undefined, ask: Ask): Promise<string> {
  const owners = await all<Owner>(api, 'owners', {})
  const having = (text: string) =>
    owners.filter((one) => [one.id, one.contact.toLowerCase(), one.name.toLowerCase()].includes(text.toLowerCase()))
  if (said !== undefined) {
    const [one, another] = having(said)
    if (one !== undefined && another === undefined) return one.id
    throw new Failure(exitCodes.refused, one === undefined ? `No owner is called ${said}` : `Several owners are called ${said}`, {
      fix:
        one === undefined ? fixFor(said.includes('@') ? { name: '', email: said } : undefined) : 'Name one by its id: keyward owner list',
    })
  }
  const guess = by === undefined ? undefined : having(by.email)[0]
  const chosen = await ask.choice(
    by === undefined ? 'Who answers for it?' : `Who answers for it? git says that ${safeLine(`${by.name} <${by.email}>`)} brought it in`,
    [
      ...owners.map((one) => ({ value: one.id, label: `${one.name} (${one.contact})` })),
      ...(by !== undefined && guess === undefined ? [{ value: 'new', label: `${by.name} <${by.email}>, as a new owner` }] : []),
    ],
    guess?.id,
  )
  if (chosen === 'new' && by !== undefined) {
    const body = { kind: 'person', name: by.name === '' ? by.email : by.name, contact: by.email }
    return ((await api.call(await routeOf('owners', 'create'), { body })).answer as Owner).id
  }
  if (chosen !== undefined) return chosen
  const who = by === undefined ? 'git does not say who brought it in' : `git says ${by.name} <${by.email}>, who is no owner here`
  throw new Failure(exitCodes.usage, `Who answers for it is not said, and ${who}`, { fix: fixFor(by) })
}

function fixFor(by: Person | undefined): string {
  const quoted = (text: string) => `"${safeLine(text).replaceAll(/["$`\\]/g, '')}"`
  const name = by?.name ? quoted(by.name) : '"…"'
  return `Name one with --owner (keyward owner list), or make one: keyward owner create --kind person --name ${name} --contact ${by ? quoted(by.email) : '"…"'}`
}

/** As the file's name says (`.env.production`), else development. */
async function environmentFor(api: Api, found: readonly Found[], said: string | undefined, ask: Ask): Promise<string> {
  const names = (await all<Environment>(api, 'environments', {})).map((one) => one.name)
  if (said !== undefined) {
    if (names.includes(said)) return said
    throw new Failure(exitCodes.refused, `There is no environment ${said}`, {
      fix: `There are: ${names.join(', ')}. To add it: keyward environment create --name ${said}`,
    })
  }
  const words = basename(found[0]?.places[0]?.file ?? '')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
  const short: Readonly<Record<string, string>> = { prod: 'production', dev: 'development', stage: 'staging' }
  const guess =
    words.map((word) => short[word] ?? word).find((word) => names.includes(word)) ??
    (names.includes('development') ? 'development' : names[0])
  const choices = names.map((name) => ({ value: name, label: name }))
  const chosen = await ask.choice('For which environment?', choices, guess)
  if (chosen !== undefined) return chosen
  throw new Failure(exitCodes.refused, 'There is no environment yet', { fix: 'keyward environment create --name development' })
}

/** `OpenAI project API key of shop` */
function nameGuess({ detection, places: [place] }: Found): string {
  const folder = place === undefined ? '' : dirname(place.file)
  const project = basename(repositoryOf(folder) ?? folder)
  const name = `${detection.name}${project === '' ? '' : ` of ${project}`}`
  return name.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '').slice(0, 110)
}
