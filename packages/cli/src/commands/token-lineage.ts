import type { Token, TokenLineage } from '@keyward/contract/grants'
import type { Command } from 'commander'
import { type CommonOptions, serverCommand } from '../common-options.ts'
import { connect } from '../connection/connect.ts'
import { print, printJson } from '../output/print.ts'
import { safeLine } from '../output/safe.ts'
import { showTime } from '../output/values.ts'
import { routeOf } from '../resource/routes.ts'

/** Person, workload, then the tokens as a tree: who had it, what it was exchanged from, what was exchanged from it. */
export function lineageCommand(): Command {
  return serverCommand('lineage', 'Where a token comes from and what came of it: person, agent, token, sub-tokens')
    .argument('<id>', 'the token (tok_…)')
    .action(async (id: string, _: unknown, self: Command) => {
      const options = self.optsWithGlobals<CommonOptions>()
      const { answer } = await connect(options).call(await routeOf('tokens', 'lineage'), { params: { id } })
      if (options.json) printJson(answer)
      else for (const line of lineageLines(answer as TokenLineage)) print(safeLine(line))
    })
}

/** Two spaces a level; the token that was asked for has a star. */
export function lineageLines({ user, workload, ancestors, token, descendants, descendants_left_out }: TokenLineage): string[] {
  const lines = [
    ...(user === null ? [] : [`person    ${user.name} (${user.id})`]),
    `workload  ${workload.name} (${workload.id})`,
    ...ancestors.map((one, level) => tokenLine(one, level, ' ')),
    tokenLine(token, ancestors.length, '*'),
  ]
  const below = (parent: string, level: number): void => {
    for (const one of descendants) {
      if (one.parent !== parent) continue
      lines.push(tokenLine(one, level, ' '))
      below(one.id, level + 1)
    }
  }
  below(token.id, ancestors.length + 1)
  if (descendants_left_out > 0) lines.push(`${descendants_left_out} more came of it: keyward token list --parent ${token.id}`)
  return lines
}

function tokenLine(token: Token, level: number, mark: string): string {
  const { id, state, actor, workload, identity, method, assurance, expires_at } = token
  const by = identity === null ? method : `${method} ${identity}`
  return `${mark} ${'  '.repeat(level)}${id}  ${state}, ends ${showTime(expires_at)}  ${actor ?? workload} by ${by}, ${assurance}`
}
