import type { ApiToken } from '@keyward/contract/people'
import type { Command } from 'commander'
import { type CommonOptions, groupCommand, serverCommand } from '../common-options.ts'
import { connect } from '../connection/connect.ts'
import { note, print, printJson } from '../output/print.ts'
import { showTime } from '../output/values.ts'
import type { Row } from '../resource/definition.ts'
import { printRows } from '../resource/list.ts'
import { addPageOptions, type PageOptions, readPages } from '../resource/pages.ts'
import { integer } from '../resource/parsers.ts'

export function apiTokenCommand(): Command {
  return groupCommand('api-token', 'Your own API tokens, for scripts and other machines')
    .addCommand(list())
    .addCommand(create())
    .addCommand(revoke())
}

function list(): Command {
  return addPageOptions(serverCommand('list', 'Your API tokens, also those that have ended')).action(async (_: unknown, self: Command) => {
    const options = self.optsWithGlobals<CommonOptions & PageOptions>()
    const { routes } = await import('@keyward/contract/routes')
    const items: Row[] = []
    let next: string | null = null
    for await (const page of readPages(connect(options), routes.me.listApiTokens, {}, options)) {
      items.push(...page.items)
      next = page.next_cursor
    }
    if (options.json) printJson({ items, next_cursor: next })
    else
      printRows(
        [
          { title: 'ID', value: 'id', fit: 'whole' },
          { title: 'NAME', value: 'name', fit: 'cut' },
          { title: 'HINT', value: 'hint', fit: 'whole' },
          { title: 'ENDS', value: 'expires_at', fit: 'whole' },
          { title: 'LAST USED', value: 'last_used_at', fit: 'whole' },
          { title: 'REVOKED', value: 'revoked_at', fit: 'whole' },
        ],
        items,
        'No API tokens. Next: keyward api-token create --name laptop',
      )
  })
}

function create(): Command {
  return serverCommand('create', 'Make an API token; standard output gets the token alone, this once')
    .requiredOption('--name <name>', 'what it is for')
    .option('--days <n>', 'its life (1 to 365; default 90)')
    .action(async (_: unknown, self: Command) => {
      const options = self.optsWithGlobals<CommonOptions & { readonly name: string; readonly days?: string }>()
      const { routes } = await import('@keyward/contract/routes')
      const body = { name: options.name, ...(options.days === undefined ? {} : { days: integer(options.days, '--days') }) }
      const { answer } = await connect(options).call(routes.me.createApiToken, { body })
      const token = answer as ApiToken
      if (options.json) printJson(token)
      else {
        print(token.token ?? '')
        note(`${token.id}, until ${showTime(token.expires_at)}. It is shown this once.`)
      }
    })
}

function revoke(): Command {
  return serverCommand('revoke', 'End one of your API tokens, at once')
    .argument('<id>', 'its id')
    .action(async (id: string, _: unknown, self: Command) => {
      const options = self.optsWithGlobals<CommonOptions>()
      const { routes } = await import('@keyward/contract/routes')
      await connect(options).call(routes.me.revokeApiToken, { params: { id } })
      if (options.json) printJson({ revoked: id })
      else note(`Ended API token ${id}.`)
    })
}
