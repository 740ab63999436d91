import type { Revocation } from '@keyward/contract/records'
import type { Command } from 'commander'
import { type CommonOptions, serverCommand } from '../common-options.ts'
import { connect } from '../connection/connect.ts'
import { print, printJson } from '../output/print.ts'
import { showTime } from '../output/values.ts'
import type { ResourceDefinition, Row } from './definition.ts'
import { routeOf } from './routes.ts'
import { printThing } from './show.ts'

/** Never asks: who revokes is in a hurry, and the reason is required. */
export function revokeCommand(definition: ResourceDefinition): Command {
  return serverCommand('revoke', `End one ${definition.name} and all that comes from it, now, on every node`)
    .argument('<id>', 'its id')
    .requiredOption('--reason <text>', 'why, for the audit log')
    .action(async (id: string, _: unknown, self: Command) => {
      const options = self.optsWithGlobals<CommonOptions & { readonly reason: string }>()
      const { answer } = await connect(options).call(await routeOf(definition.group, 'revoke'), {
        params: { id },
        body: { reason: options.reason },
      })
      if (options.json) printJson(answer)
      else if ('local_effect_ms' in (answer as Row)) for (const line of revocationLines(answer as Revocation)) print(line)
      else printThing(answer as Row, options)
    })
}

export function revocationLines(revocation: Revocation): string[] {
  const { kind, id, ended, nodes } = revocation
  const counts = Object.entries(ended).flatMap(([what, count]) =>
    count > 0 ? [`${count} ${count === 1 ? what.replace(/ies$/, 'y').replace(/s$/, '') : what}`] : [],
  )
  const lines = [
    revocation.already
      ? `${kind} ${id} was revoked before, at ${showTime(revocation.revoked_at)}.`
      : `Revoked ${kind} ${id} at ${showTime(revocation.revoked_at)}, in force here after ${Math.round(revocation.local_effect_ms)} ms.`,
  ]
  lines.push(counts.length === 0 ? 'Nothing else was to end.' : `Ended with it: ${counts.join(', ')}.`)
  for (const node of nodes) {
    if (node.heard)
      lines.push(`Node ${node.node} heard it${node.heard_after_ms === null ? '' : ` after ${Math.round(node.heard_after_ms)} ms`}.`)
    else lines.push(`Node ${node.node} has not confirmed yet: it refuses everything once it has not heard for ${revocation.bound_ms} ms.`)
  }
  return lines
}
