import type { NodeStatus } from '@keyward/contract/records'
import type { Command } from 'commander'
import { type CommonOptions, groupCommand, serverCommand } from '../common-options.ts'
import { connect } from '../connection/connect.ts'
import { printJson } from '../output/print.ts'
import type { Column } from '../resource/definition.ts'
import { printRows } from '../resource/list.ts'

type Measured = NodeStatus['revocation_ms']

const columns: readonly Column[] = [
  { title: 'NODE', value: 'id', fit: 'whole' },
  { title: 'HEARS', value: (row) => (row.deaf ? 'no: it refuses everything' : 'yes'), fit: 'whole' },
  { title: 'HEARD', value: 'heard_at', fit: 'whole' },
  {
    title: 'REVOCATION, WORST OF 24 H',
    value: (row) => milliseconds((row.revocation_ms as Measured).max_24h),
    fit: 'whole',
    align: 'right',
  },
  { title: 'VERSION', value: 'version', fit: 'whole' },
  { title: 'STARTED', value: 'started_at', fit: 'whole' },
  { title: 'ASKED', value: 'here', fit: 'whole' },
]

function milliseconds(value: number | null): string {
  return value === null ? 'none yet' : `${Math.round(value)} ms`
}

export function nodeCommand(): Command {
  const list = serverCommand('list', 'The nodes on this database, and how fast each hears revocations').action(
    async (_: unknown, self: Command) => {
      const options = self.optsWithGlobals<CommonOptions>()
      const { routes } = await import('@keyward/contract/routes')
      const { answer } = await connect(options).call(routes.nodes.list)
      if (options.json) printJson(answer)
      else printRows(columns, (answer as { items: NodeStatus[] }).items, 'No nodes.')
    },
  )
  return groupCommand('node', 'The servers of this installation').addCommand(list)
}
