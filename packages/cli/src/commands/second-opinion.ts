import type { SecondOpinion } from '@keyward/contract/second-opinions'
import type { Command } from 'commander'
import { addSecondOpinion, type CommonOptions, groupCommand, serverCommand } from '../common-options.ts'
import { connect } from '../connection/connect.ts'
import { wrongUsage } from '../failure.ts'
import { note, print, printJson } from '../output/print.ts'
import { safeLine } from '../output/safe.ts'
import { showTime } from '../output/values.ts'
import type { Row } from '../resource/definition.ts'
import { printRows } from '../resource/list.ts'
import { addPageOptions, type PageOptions, readPages } from '../resource/pages.ts'

export function secondOpinionCommand(): Command {
  return groupCommand('second-opinion', "Dangerous acts that wait for another admin's yes")
    .addCommand(listCommand())
    .addCommand(show())
    .addCommand(approve())
    .addCommand(refuse())
    .addCommand(require())
}

function listCommand(): Command {
  return addPageOptions(serverCommand('list', 'What waits, and what was decided'))
    .option('--state <state>', 'open or decided')
    .action(async (_: unknown, self: Command) => {
      const options = self.optsWithGlobals<CommonOptions & PageOptions & { readonly state?: string }>()
      const { routes } = await import('@keyward/contract/routes')
      const items: Row[] = []
      let next: string | null = null
      for await (const page of readPages(connect(options), routes.secondOpinions.list, { state: options.state }, options)) {
        items.push(...page.items)
        next = page.next_cursor
      }
      if (options.json) printJson({ items, next_cursor: next })
      else
        printRows(
          [
            { title: 'ID', value: 'id', fit: 'whole' },
            { title: 'STATE', value: 'state', fit: 'whole' },
            { title: 'WHAT', value: 'summary', fit: 'cut' },
            { title: 'ASKED BY', value: (row) => (row as SecondOpinion).asked_by.name, fit: 'cut' },
            { title: 'ENDS', value: 'expires_at', fit: 'whole' },
          ],
          items,
          'Nothing waits for another admin.',
        )
    })
}

function show(): Command {
  return serverCommand('show', 'The whole request, in words')
    .argument('<id>', 'its id (sop_…)')
    .action(async (id: string, _: unknown, self: Command) => {
      const options = self.optsWithGlobals<CommonOptions>()
      const { routes } = await import('@keyward/contract/routes')
      const { answer } = await connect(options).call(routes.secondOpinions.show, { params: { id } })
      printOpinion(answer as SecondOpinion, options)
    })
}

function approve(): Command {
  return serverCommand('approve', 'Say yes: whoever asked can do it, once, within 30 minutes')
    .argument('<id>', 'its id (sop_…)')
    .option('--reason <text>', 'why, for the audit log')
    .action(async (id: string, _: unknown, self: Command) => {
      const options = self.optsWithGlobals<CommonOptions & { readonly reason?: string }>()
      const { routes } = await import('@keyward/contract/routes')
      const body = options.reason === undefined ? {} : { reason: options.reason }
      const { answer } = await connect(options).call(routes.secondOpinions.approve, { params: { id }, body })
      printOpinion(answer as SecondOpinion, options)
    })
}

function refuse(): Command {
  return serverCommand('refuse', 'Say no')
    .argument('<id>', 'its id (sop_…)')
    .requiredOption('--reason <text>', 'why; whoever asked reads it')
    .action(async (id: string, _: unknown, self: Command) => {
      const options = self.optsWithGlobals<CommonOptions & { readonly reason: string }>()
      const { routes } = await import('@keyward/contract/routes')
      const { answer } = await connect(options).call(routes.secondOpinions.refuse, { params: { id }, body: { reason: options.reason } })
      printOpinion(answer as SecondOpinion, options)
    })
}

function require(): Command {
  return addSecondOpinion(serverCommand('require', "Whether dangerous acts need another admin's yes; off needs one itself"))
    .argument('<on|off>', 'on or off')
    .action(async (word: string, _: unknown, self: Command) => {
      const options = self.optsWithGlobals<CommonOptions>()
      if (word !== 'on' && word !== 'off') throw wrongUsage(`"${word}" is not on or off`)
      const { routes } = await import('@keyward/contract/routes')
      const { answer } = await connect(options).call(routes.settings.update, { body: { second_opinion: word === 'on' } })
      if (options.json) printJson(answer)
      else note(word === 'on' ? "Dangerous acts need another admin's yes now." : 'Dangerous acts need no second opinion any more.')
    })
}

function printOpinion(opinion: SecondOpinion, options: CommonOptions): void {
  if (options.json) {
    printJson(opinion)
    return
  }
  print(safeLine(`${opinion.summary} (${opinion.action})`))
  for (const { name, value } of opinion.details) print(safeLine(`  ${name}: ${value}`))
  print(safeLine(`Asked by ${opinion.asked_by.name} (${opinion.asked_by.id}), ${showTime(opinion.asked_at)}`))
  const by = opinion.decided_by === null ? '' : ` by ${opinion.decided_by.name}${opinion.reason === null ? '' : `: ${opinion.reason}`}`
  print(safeLine(`State: ${opinion.state}${by}`))
  if (opinion.state === 'approved') note(`${opinion.asked_by.name} repeats the same command with --second-opinion ${opinion.id}`)
}
