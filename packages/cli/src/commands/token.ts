import type { MintedToken } from '@keyward/contract/grants'
import type { Command } from 'commander'
import { type CommonOptions, serverCommand } from '../common-options.ts'
import { connect, isLoggedIn } from '../connection/connect.ts'
import { wrongUsage } from '../failure.ts'
import { note, print, printJson } from '../output/print.ts'
import type { ResourceDefinition } from '../resource/definition.ts'
import { listCommand } from '../resource/list.ts'
import { integer, oneOf, text } from '../resource/parsers.ts'
import { revokeCommand } from '../resource/revoke.ts'
import { routeOf } from '../resource/routes.ts'
import { showCommand } from '../resource/show.ts'
import { addIdentityOptions, type IdentityOptions, identityFor, surveyIdentities } from '../run/identity.ts'
import { mintAs } from '../run/mint-as.ts'
import { lineageCommand } from './token-lineage.ts'

export const tokens: ResourceDefinition = {
  name: 'token',
  plural: 'tokens',
  group: 'tokens',
  summary: 'Mint an access token, by hand (--grant) or as a workload; the records of those that were minted',
  key: 'id',
  acts: ['list', 'show', 'revoke'],
  columns: [
    { title: 'ID', value: 'id', fit: 'whole' },
    { title: 'STATE', value: 'state', fit: 'whole' },
    { title: 'METHOD', value: 'method', fit: 'whole' },
    { title: 'ENDS', value: 'expires_at', fit: 'whole' },
    { title: 'GRANT', value: 'grant', fit: 'whole' },
    { title: 'BOUND', value: (row) => row.binding ?? 'no', fit: 'whole' },
    { title: 'ASSURANCE', value: 'assurance', fit: 'whole' },
    { title: 'WORKLOAD', value: 'workload', fit: 'whole' },
  ],
  filters: [
    { flag: 'grant', text: 'only of this grant', parse: text },
    { flag: 'workload', text: 'only of this workload', parse: text },
    { flag: 'user', text: 'only on behalf of this person (usr_…)', parse: text },
    { flag: 'actor', text: 'only those that were handed on to this workload', parse: text },
    { flag: 'parent', text: 'only those that were exchanged from this token', parse: text },
    { flag: 'identity', text: 'only those that were had by this identity (idn_…)', parse: text },
    { flag: 'consent', text: 'only those that came of this consent (con_…)', parse: text },
    { flag: 'state', text: 'only in this state: live, ended, revoked', parse: oneOf(['live', 'ended', 'revoked']) },
  ],
  fields: [],
  whenEmpty: 'No tokens have been minted. Next: keyward run --grant grt_… -- COMMAND, or keyward token --grant grt_…',
}

interface MintOptions extends CommonOptions, IdentityOptions {
  readonly grant?: string
  readonly resource?: string
  readonly ttlSeconds?: string
}

/**
 * Prints the token alone, so that `$(keyward token --grant G)` is one. Somebody who is logged in mints it by hand; with an identity or a
 * resource, or where nobody is logged in, a workload gets it for itself. With a subcommand it is about records.
 */
export function tokenCommand(): Command {
  return addIdentityOptions(serverCommand('token', tokens.summary))
    .option('--grant <grant>', 'mint a token under this grant')
    .option('--resource <name>', 'as a workload: for this resource, where it has one grant there')
    .option('--ttl-seconds <n>', "by hand: its life, at most the grant's own")
    .addCommand(listCommand(tokens))
    .addCommand(showCommand(tokens))
    .addCommand(lineageCommand())
    .addCommand(revokeCommand(tokens))
    .action(async (_: unknown, self: Command) => {
      const options = self.optsWithGlobals<MintOptions>()
      if (await isForWorkload(options)) await mintForWorkload(options)
      else await mintByHand(options)
    })
}

async function isForWorkload(options: MintOptions): Promise<boolean> {
  const { resource, identity, identityTokenFile, workload } = options
  if ([resource, identity, identityTokenFile, workload].some((one) => one !== undefined)) return true
  return !isLoggedIn(options) && (await surveyIdentities(options, process.env)).chosen !== undefined
}

async function mintForWorkload(options: MintOptions): Promise<void> {
  const { grant, resource, ttlSeconds } = options
  if (ttlSeconds !== undefined)
    throw wrongUsage('--ttl-seconds is for tokens by hand', "A workload's token lives as long as its grant says.")
  const acting = await identityFor(options, process.env)
  const minted = await mintAs(acting, { grant, resource })
  if (options.json) printJson(minted)
  else {
    print(minted.access_token)
    note(`By ${acting.identity.about}, for ${minted.resource}; ends in ${minted.expires_in} s. ${unbound}`)
  }
}

async function mintByHand(options: MintOptions): Promise<void> {
  if (options.grant === undefined) throw wrongUsage('Name the grant: keyward token --grant grt_…', 'Records of tokens: keyward token list')
  const body = options.ttlSeconds === undefined ? {} : { ttl_seconds: integer(options.ttlSeconds, '--ttl-seconds') }
  const { answer } = await connect(options).call(await routeOf('grants', 'mint'), { params: { id: options.grant }, body })
  const minted = answer as MintedToken
  if (options.json) printJson(minted)
  else {
    print(minted.access_token)
    note(`${minted.token_id}, ends in ${minted.expires_in} s. ${unbound}`)
  }
}

const unbound = 'It is bound to no key: whoever has it can use it. `keyward run` is safer.'
