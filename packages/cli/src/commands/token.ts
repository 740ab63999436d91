import type { MintedToken } from '@keyward/contract/grants'
import type { Command } from 'commander'
import { type CommonOptions, serverCommand } from '../common-options.ts'
import { connect } from '../connection/connect.ts'
import { wrongUsage } from '../failure.ts'
import { note, print, printJson } from '../output/print.ts'
import type { ResourceDefinition } from '../resource/definition.ts'
import { listCommand } from '../resource/list.ts'
import { integer, oneOf, text } from '../resource/parsers.ts'
import { revokeCommand } from '../resource/revoke.ts'
import { routeOf } from '../resource/routes.ts'
import { showCommand } from '../resource/show.ts'

export const tokens: ResourceDefinition = {
  name: 'token',
  plural: 'tokens',
  group: 'tokens',
  summary: 'Mint an access token by hand (--grant), and the records of those that were minted',
  key: 'id',
  acts: ['list', 'show', 'revoke'],
  columns: [
    { title: 'ID', value: 'id', fit: 'whole' },
    { title: 'STATE', value: 'state', fit: 'whole' },
    { title: 'METHOD', value: 'method', fit: 'whole' },
    { title: 'ENDS', value: 'expires_at', fit: 'whole' },
    { title: 'GRANT', value: 'grant', fit: 'whole' },
    { title: 'BOUND', value: (row) => row.bound_to !== null, fit: 'whole' },
    { title: 'WORKLOAD', value: 'workload', fit: 'whole' },
  ],
  filters: [
    { flag: 'grant', text: 'only of this grant', parse: text },
    { flag: 'workload', text: 'only of this workload', parse: text },
    { flag: 'state', text: 'only in this state: live, ended, revoked', parse: oneOf(['live', 'ended', 'revoked']) },
  ],
  fields: [],
  whenEmpty: 'No tokens have been minted. Next: keyward run --grant grt_… -- COMMAND, or keyward token --grant grt_…',
}

interface MintOptions extends CommonOptions {
  readonly grant?: string
  readonly ttlSeconds?: string
}

/** `keyward token --grant G` prints the token alone, so that `$(keyward token --grant G)` is one; with a subcommand it is about records. */
export function tokenCommand(): Command {
  return serverCommand('token', tokens.summary)
    .option('--grant <grant>', 'mint a token under this grant')
    .option('--ttl-seconds <n>', "its life, at most the grant's own")
    .addCommand(listCommand(tokens))
    .addCommand(showCommand(tokens))
    .addCommand(revokeCommand(tokens))
    .action(async (_: unknown, self: Command) => {
      const options = self.optsWithGlobals<MintOptions>()
      if (options.grant === undefined)
        throw wrongUsage('Name the grant: keyward token --grant grt_…', 'Records of tokens: keyward token list')
      const body = options.ttlSeconds === undefined ? {} : { ttl_seconds: integer(options.ttlSeconds, '--ttl-seconds') }
      const { answer } = await connect(options).call(await routeOf('grants', 'mint'), { params: { id: options.grant }, body })
      const minted = answer as MintedToken
      if (options.json) printJson(minted)
      else {
        print(minted.access_token)
        note(
          `${minted.token_id}, ends in ${minted.expires_in} s. It is bound to no key: whoever has it can use it. \`keyward run\` is safer.`,
        )
      }
    })
}
