import type { Command } from 'commander'
import { type CommonOptions, groupCommand, serverCommand } from '../common-options.ts'
import { connect } from '../connection/connect.ts'
import { note, printJson } from '../output/print.ts'
import type { Row } from '../resource/definition.ts'
import { printRows } from '../resource/list.ts'
import { addPageOptions, type PageOptions, readPages } from '../resource/pages.ts'

export function sessionCommand(): Command {
  return groupCommand('session', "Sessions of the console: everybody's").addCommand(list()).addCommand(end())
}

function list(): Command {
  return addPageOptions(serverCommand('list', 'Who is signed in to the console'))
    .option('--user <user>', 'only of this user')
    .action(async (_: unknown, self: Command) => {
      const options = self.optsWithGlobals<CommonOptions & PageOptions & { readonly user?: string }>()
      const { routes } = await import('@keyward/contract/routes')
      const items: Row[] = []
      let next: string | null = null
      for await (const page of readPages(connect(options), routes.sessions.list, { user: options.user }, options)) {
        items.push(...page.items)
        next = page.next_cursor
      }
      if (options.json) printJson({ items, next_cursor: next })
      else
        printRows(
          [
            { title: 'ID', value: 'id', fit: 'whole' },
            { title: 'USER', value: 'user', fit: 'whole' },
            { title: 'BY', value: 'method', fit: 'whole' },
            { title: 'LAST SEEN', value: 'last_seen_at', fit: 'whole' },
            { title: 'FROM', value: 'ip', fit: 'cut' },
            { title: 'WITH', value: 'user_agent', fit: 'cut' },
          ],
          items,
          'Nobody is signed in to the console.',
        )
    })
}

function end(): Command {
  return serverCommand('end', "End anybody's session, at once")
    .argument('<id>', 'the session (ses_…)')
    .action(async (id: string, _: unknown, self: Command) => {
      const options = self.optsWithGlobals<CommonOptions>()
      const { routes } = await import('@keyward/contract/routes')
      await connect(options).call(routes.sessions.end, { params: { id } })
      if (options.json) printJson({ ended: id })
      else note(`Ended session ${id}.`)
    })
}
