import { authorities, credentialKinds, purposes } from '@keyward/contract/words'
import type { Command } from 'commander'
import { type CommonOptions, serverCommand } from '../common-options.ts'
import { connect } from '../connection/connect.ts'
import { addSecretOptions, readSecret, type SecretOptions } from '../input/secret.ts'
import { resourceCommand } from '../resource/command.ts'
import type { ResourceDefinition, Row } from '../resource/definition.ts'
import { futureTime, list, oneOf, pairs, someOf, text } from '../resource/parsers.ts'
import { routeOf } from '../resource/routes.ts'
import { printThing } from '../resource/show.ts'

export const credentials: ResourceDefinition = {
  name: 'credential',
  plural: 'credentials',
  group: 'credentials',
  summary: 'What Keyward holds for you: API keys and the like, each with an owner. Secrets go in and never come out',
  key: 'id',
  acts: ['list', 'show', 'create', 'update', 'delete', 'revoke'],
  columns: [
    { title: 'ID', value: 'id', fit: 'whole' },
    { title: 'NAME', value: 'name', fit: 'cut' },
    { title: 'PROVIDER', value: 'provider', fit: 'cut' },
    { title: 'ENVIRONMENT', value: 'environment', fit: 'cut' },
    { title: 'STATE', value: 'state', fit: 'whole' },
    { title: 'PURPOSE', value: 'purpose', fit: 'whole' },
    { title: 'HINT', value: (row) => (row.versions as Row[] | undefined)?.[0]?.hint, fit: 'whole' },
    { title: 'LAST USED', value: 'last_used_at', fit: 'whole' },
    { title: 'OWNER', value: 'owner', fit: 'whole' },
  ],
  filters: [
    { flag: 'environment', text: 'only of this environment', parse: text },
    { flag: 'owner', text: 'only of this owner', parse: text },
    { flag: 'provider', text: 'only of this provider', parse: text },
    { flag: 'purpose', text: `only for this purpose: ${purposes.join(', ')}`, parse: oneOf(purposes) },
    { flag: 'kind', text: `only of this kind: ${credentialKinds.join(', ')}`, parse: oneOf(credentialKinds) },
    { flag: 'state', text: 'only in this state: active, revoked', parse: oneOf(['active', 'revoked']) },
    { flag: 'q', text: 'words of name, provider, description or labels', parse: text },
  ],
  fields: [
    { flag: 'name', value: 'name', text: 'what people call it', parse: text, required: true },
    { flag: 'kind', value: 'kind', text: credentialKinds.join(', '), parse: oneOf(credentialKinds), required: true, on: 'create' },
    { flag: 'provider', value: 'provider', text: 'whose it is: openai, anthropic, …', parse: text, required: true, on: 'create' },
    {
      flag: 'purpose',
      value: 'purpose',
      text: `exactly one of ${purposes.join(', ')}`,
      parse: oneOf(purposes),
      required: true,
      on: 'create',
    },
    {
      flag: 'authority',
      value: 'a,b',
      text: `what it lets a machine do unattended: ${authorities.join(', ')}`,
      parse: someOf(authorities),
      required: true,
    },
    { flag: 'environment', value: 'environment', text: 'development, production, …', parse: text, required: true, on: 'create' },
    { flag: 'owner', value: 'owner', text: 'the accountable person or team (own_…)', parse: text, required: true },
    { flag: 'backup-owner', value: 'owner', text: 'who answers when the owner cannot', parse: text, clears: true },
    { flag: 'description', value: 'text', text: 'what it is for', parse: text, clears: true },
    { flag: 'allowed-origins', value: 'a,b', text: "where the gateway may send it (default: its provider's own origins)", parse: list },
    { flag: 'expires-at', value: 'time', text: 'when it ends: 2027-01-31, or 90d from now', parse: futureTime, clears: true },
    { flag: 'labels', value: 'a=1,b=2', text: 'your own labels', parse: pairs },
  ],
  whenEmpty: 'No credentials yet. Next: keyward credential create --help, or keyward scan to find those that are lying about.',
  secret: 'The secret of this credential',
}

export function credentialCommand(): Command {
  return resourceCommand(credentials).addCommand(addVersion())
}

type VersionOptions = CommonOptions & SecretOptions & { readonly providerKeyId?: string; readonly quiet?: boolean }

function addVersion(): Command {
  return addSecretOptions(serverCommand('add-version', 'Store a new secret; it becomes current, the one before it previous'))
    .argument('<id>', 'the credential')
    .option('--provider-key-id <id>', "the provider's own id of this key, for rotating it later")
    .option('-q, --quiet', 'print the id alone')
    .action(async (id: string, _: unknown, self: Command) => {
      const options = self.optsWithGlobals<VersionOptions>()
      const api = connect(options)
      const secret = await readSecret(options, 'The new secret', true)
      const body = { secret, ...(options.providerKeyId === undefined ? {} : { provider_key_id: options.providerKeyId }) }
      const { answer } = await api.call(await routeOf('credentials', 'addVersion'), { params: { id }, body })
      printThing(answer as Row, options)
    })
}
