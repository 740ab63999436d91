import { harmless } from '@keyward/scanner/detection/mask'
import { counted } from '@keyward/scanner/report/style'
import type { CommonOptions } from '../common-options.ts'
import { print, printJson } from '../output/print.ts'
import { colorsFor } from '../output/terminal.ts'
import type { Outcome } from './adopt.ts'
import type { Found } from './found.ts'
import type { History } from './history.ts'
import type { Lending } from './lending.ts'
import { type ByHand, diffOf, type FilePlan, planOf } from './plan.ts'
import { addressNeeded, referencesTo, startOf } from './references.ts'

type Masks = readonly (readonly [string, string])[]

/** Shows what would change. Nothing is asked of a server. */
export function tellDryRun(
  found: readonly Found[],
  lendingOf: (one: Found) => Lending | undefined,
  masks: Masks,
  { json }: CommonOptions,
): void {
  const lent = found.map((one) => ({ found: one, credential: 'CREDENTIAL', lending: lendingOf(one) }))
  const { files, byHand } = planOf(found, referencesTo(lent, []))
  if (json) {
    printJson({
      secrets: found.map(({ detection }) => ({ fingerprint: detection.fingerprint, name: detection.name, masked: detection.masked })),
      files: files.map((one) => ({ file: one.file, diff: diffOf(one, masks).map(harmless) })),
      by_hand: byHand.map(handJson),
    })
    return
  }
  for (const { detection } of found) print(`${harmless(detection.name)} ${harmless(detection.masked)} would go into the vault.`)
  tellFiles(files, masks)
  tellByHand(byHand)
}

interface Told {
  readonly histories: ReadonlyMap<Found, History>
  readonly masks: Masks
  readonly folder: string
  readonly rewrite: boolean
}

export function tellOutcome(
  { adoption, adopted, files, byHand, workload }: Outcome,
  { histories, masks, folder, rewrite }: Told,
  { json }: CommonOptions,
): void {
  if (json) {
    printJson({
      adoption: adoption.id,
      adopted: adopted.map(({ found, credential, resource, grant, wasKnown }) => ({
        ...{ fingerprint: found.detection.fingerprint, masked: found.detection.masked, credential: credential.id, was_known: wasKnown },
        ...{ resource: resource?.id ?? null, grant: grant ?? null, commits: histories.get(found)?.commits ?? null },
      })),
      workload: workload?.id ?? null,
      files: files.map((one) => one.file),
      by_hand: byHand.map(handJson),
      start: startOf(adoption.grants),
      undo: files.length === 0 ? null : `keyward adopt --undo ${adoption.id}`,
    })
    return
  }
  const { bold, dim, green } = colorsFor(process.stdout)
  for (const { found, credential, resource, wasKnown } of adopted) {
    print(
      `${green('✓')} ${bold(harmless(found.detection.name))} ${harmless(found.detection.masked)} is ${wasKnown ? 'in the vault already' : 'in the vault'} as ${credential.id}${resource ? `, lent by ${resource.name}` : ''}.`,
    )
    const address = addressNeeded(found, resource)
    if (address !== undefined)
      print(`  Its program takes the address from ${address} and the key from KEYWARD_RUN_KEY: set both where it makes its client.`)
  }
  tellFiles(files, masks)
  tellByHand(byHand)
  if (rewrite && files.length > 0) {
    print(`Start the program with: ${startOf(adoption.grants)}`)
    if (adoption.grants.length === 0) print('  There is no grant yet: keyward grant create --help, or adopt with --workload.')
    print(
      dim(
        `Back: keyward adopt --undo ${adoption.id}. The old file is in ${folder}/${adoption.id} and holds the secret: keyward adopt --forget ${adoption.id}`,
      ),
    )
  }
  for (const one of adopted) tellExposure(one.found, one.credential.id, histories.get(one.found))
}

/** What taking it out of a file does not end. */
function tellExposure({ detection }: Found, credential: string, history: History | undefined): void {
  const commits = history?.commits
  if (commits === undefined) print('Git does not say here whether a commit keeps it (git status tells why). Replace it:')
  else if (commits === 0) print('It was readable here until now. Replace it when you can:')
  else print(`Git keeps it in ${counted(commits, 'commit')} of this file: everyone with a clone has it. Replace it:`)
  print(`  1. make a new one: ${harmless(detection.providerName)}${detection.revoke.url ? `, ${detection.revoke.url}` : ''}`)
  print(`  2. keyward credential add-version ${credential}`)
  print(`  3. end the old one: ${harmless(detection.revoke.how)}`)
}

function tellFiles(files: readonly FilePlan[], masks: Masks): void {
  const { red, green, dim } = colorsFor(process.stdout)
  for (const file of files) {
    const [head = '', ...lines] = diffOf(file, masks).map(harmless)
    print(dim(head))
    for (const line of lines) print(line.startsWith('+') ? green(line) : red(line))
    for (const remark of file.remarks) print(`  ${remark}.`)
  }
}

function tellByHand(byHand: readonly ByHand[]): void {
  const { yellow } = colorsFor(process.stdout)
  for (const { place, why } of byHand) print(`${yellow('By hand:')} ${harmless(place.shown)}:${place.line} ${why}.`)
}

function handJson({ place, why }: ByHand) {
  return { path: place.shown, line: place.line, why }
}
