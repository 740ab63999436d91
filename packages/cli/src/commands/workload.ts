import { readFileSync } from 'node:fs'
import type { Identity } from '@keyward/contract/identities'
import { workloadTypes } from '@keyward/contract/words'
import type { Command } from 'commander'
import { type CommonOptions, serverCommand } from '../common-options.ts'
import { connect } from '../connection/connect.ts'
import { wrongUsage } from '../failure.ts'
import { note, print, printJson } from '../output/print.ts'
import { resourceCommand } from '../resource/command.ts'
import type { ResourceDefinition, Row } from '../resource/definition.ts'
import { futureTime, oneOf, text } from '../resource/parsers.ts'
import { routeOf } from '../resource/routes.ts'
import { printThing } from '../resource/show.ts'
import { enrollCommand } from './workload-enroll.ts'

export const workloads: ResourceDefinition = {
  name: 'workload',
  plural: 'workloads',
  group: 'workloads',
  summary: 'Agents, pipelines and services, and how each proves who it is',
  key: 'id',
  acts: ['list', 'show', 'create', 'update', 'delete', 'revoke'],
  columns: [
    { title: 'ID', value: 'id', fit: 'whole' },
    { title: 'NAME', value: 'name', fit: 'cut' },
    { title: 'TYPE', value: 'type', fit: 'whole' },
    { title: 'ENVIRONMENT', value: 'environment', fit: 'cut' },
    { title: 'STATE', value: 'state', fit: 'whole' },
    { title: 'LAST USED', value: 'last_used_at', fit: 'whole' },
    { title: 'OWNER', value: 'owner', fit: 'whole' },
  ],
  filters: [
    { flag: 'environment', text: 'only of this environment', parse: text },
    { flag: 'owner', text: 'only of this owner', parse: text },
    { flag: 'type', text: `only of this type: ${workloadTypes.join(', ')}`, parse: oneOf(workloadTypes) },
    { flag: 'state', text: 'only in this state: active, revoked', parse: oneOf(['active', 'revoked']) },
    { flag: 'q', text: 'words of name or description', parse: text },
  ],
  fields: [
    { flag: 'name', value: 'name', text: 'what people call it', parse: text, required: true },
    { flag: 'type', value: 'type', text: workloadTypes.join(', '), parse: oneOf(workloadTypes), required: true, on: 'create' },
    { flag: 'owner', value: 'owner', text: 'the accountable person or team (own_…)', parse: text, required: true },
    { flag: 'backup-owner', value: 'owner', text: 'who answers when the owner cannot', parse: text, clears: true },
    { flag: 'environment', value: 'environment', text: 'development, production, …', parse: text, required: true, on: 'create' },
    { flag: 'description', value: 'text', text: 'what it does', parse: text, clears: true },
  ],
  whenEmpty: 'No workloads yet. Next: keyward workload create --name "Support agent" --type agent --owner own_… --environment development',
}

export function workloadCommand(): Command {
  return resourceCommand(workloads).addCommand(enrollCommand()).addCommand(addIdentity()).addCommand(revokeIdentity())
}

interface IdentityOptions extends CommonOptions {
  readonly method: string
  readonly name?: string
  readonly jwkFile?: string
  readonly expiresAt?: string
}

function addIdentity(): Command {
  return serverCommand('add-identity', 'Add a way to prove who it is. For this machine, `workload enroll` does it all')
    .argument('<id>', 'the workload')
    .requiredOption('--method <method>', 'private_key_jwt, or client_secret_basic (discouraged)')
    .option('--jwk-file <file>', 'private_key_jwt: the public key as a JWK')
    .option('--name <name>', 'which machine or pipeline has it')
    .option('--expires-at <time>', 'client_secret_basic: when the secret ends')
    .action(async (id: string, _: unknown, self: Command) => {
      const options = self.optsWithGlobals<IdentityOptions>()
      const method = oneOf(['private_key_jwt', 'client_secret_basic'])(options.method, '--method')
      const body = {
        method,
        ...(options.name === undefined ? {} : { name: options.name }),
        ...(method === 'private_key_jwt' ? { jwk: readJwk(options.jwkFile) } : {}),
        ...(options.expiresAt === undefined ? {} : { expires_at: futureTime(options.expiresAt, '--expires-at') }),
      }
      const { answer } = await connect(options).call(await routeOf('workloads', 'addIdentity'), { params: { id }, body })
      const { client_secret: secret, ...identity } = answer as Identity
      if (options.json) printJson(answer)
      else if (secret === undefined) printThing(identity as Row, options)
      else {
        print(secret)
        note(`Identity ${identity.id}. The client secret is shown this once: put it where the workload reads it, and nowhere else.`)
      }
    })
}

function readJwk(file: string | undefined): unknown {
  if (file === undefined)
    throw wrongUsage(
      'private_key_jwt needs --jwk-file FILE with the public key',
      '`keyward workload enroll` makes a key pair for this machine.',
    )
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    throw wrongUsage(`--jwk-file: ${file} can't be read, or is not JSON`)
  }
}

function revokeIdentity(): Command {
  return serverCommand('revoke-identity', 'End one identity, and the tokens that it obtained')
    .argument('<id>', 'the workload')
    .argument('<identity>', 'the identity (idn_…)')
    .requiredOption('--reason <text>', 'why, for the audit log')
    .action(async (id: string, identity: string, _: unknown, self: Command) => {
      const options = self.optsWithGlobals<CommonOptions & { readonly reason: string }>()
      const { answer } = await connect(options).call(await routeOf('workloads', 'revokeIdentity'), {
        params: { id, identity },
        body: { reason: options.reason },
      })
      printThing(answer as Row, options)
    })
}
