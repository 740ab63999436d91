import { type Detection, detectionStates, severities, sightingSources } from '@keyward/contract/detections'
import type { Command } from 'commander'
import { type CommonOptions, serverCommand } from '../common-options.ts'
import { connect } from '../connection/connect.ts'
import { print, printJson } from '../output/print.ts'
import { resourceCommand } from '../resource/command.ts'
import type { ResourceDefinition, Row } from '../resource/definition.ts'
import { futureTime, oneOf, text } from '../resource/parsers.ts'
import { routeOf } from '../resource/routes.ts'

export const detections: ResourceDefinition = {
  name: 'detection',
  plural: 'detections',
  group: 'detections',
  summary: 'Secrets that `keyward scan --report-to` saw outside the vault, and what was decided about each',
  key: 'id',
  acts: ['list', 'show'],
  columns: [
    { title: 'ID', value: 'id', fit: 'whole' },
    { title: 'SEVERITY', value: 'severity', fit: 'whole' },
    { title: 'NAME', value: 'name', fit: 'cut' },
    { title: 'SECRET', value: 'masked', fit: 'whole' },
    { title: 'STATE', value: 'state', fit: 'whole' },
    { title: 'CREDENTIAL', value: 'credential', fit: 'whole' },
    { title: 'WHERE', value: 'first_place', fit: 'cut' },
    { title: 'OWNER GUESS', value: (row) => guessOf(row), fit: 'cut' },
    { title: 'SINCE', value: 'first_seen_at', fit: 'whole' },
  ],
  filters: [
    { flag: 'state', text: 'only open, adopted or dismissed', parse: oneOf(detectionStates) },
    { flag: 'provider', text: 'only of this provider', parse: text },
    { flag: 'source', text: `only seen in ${sightingSources.join(', ')}`, parse: oneOf(sightingSources) },
    { flag: 'severity', text: `only ${severities.join(', ')}`, parse: oneOf(severities) },
    { flag: 'q', text: 'words of name, provider, detector or path', parse: text },
  ],
  fields: [],
  whenEmpty: 'No detections yet. Next: keyward scan --report-to',
}

export function detectionCommand(): Command {
  return resourceCommand(detections).addCommand(dismiss()).addCommand(reopen())
}

function guessOf(row: Row): string | undefined {
  const guess = (row as unknown as Detection).owner_guess
  return guess?.email ?? guess?.name ?? undefined
}

type DismissOptions = CommonOptions & { readonly reason: string; readonly until?: string }

function dismiss(): Command {
  return serverCommand('dismiss', 'Say that a detection needs nothing done, why, and until when')
    .argument('<id>', 'the detection (det_…)')
    .requiredOption('--reason <text>', 'why, for the audit log')
    .option('--until <time>', 'when it is open again: 2027-01-31, or 90d from now (default: never)')
    .action(async (id: string, _: unknown, self: Command) => {
      const options = self.optsWithGlobals<DismissOptions>()
      const until = options.until === undefined ? undefined : futureTime(options.until, '--until')
      const { answer } = await connect(options).call(await routeOf('detections', 'dismiss'), {
        params: { id },
        body: { reason: options.reason, ...(until === undefined ? {} : { until }) },
      })
      if (options.json) printJson(answer)
      else print(`Dismissed ${id}${until === undefined ? '' : ` until ${until}`}. keyward detection reopen ${id} takes that back.`)
    })
}

function reopen(): Command {
  return serverCommand('reopen', 'Put a dismissed or adopted detection back on the list')
    .argument('<id>', 'the detection (det_…)')
    .action(async (id: string, _: unknown, self: Command) => {
      const options = self.optsWithGlobals<CommonOptions>()
      const { answer } = await connect(options).call(await routeOf('detections', 'reopen'), { params: { id } })
      if (options.json) printJson(answer)
      else print(`${id} is open again.`)
    })
}
