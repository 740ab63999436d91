import type { Command } from 'commander'
import { Option } from 'commander'
import { addSecondOpinion, type CommonOptions, serverCommand } from '../common-options.ts'
import { connect } from '../connection/connect.ts'
import { wrongUsage } from '../failure.ts'
import { addSecretOptions, readSecret, type SecretOptions } from '../input/secret.ts'
import { note, printJson } from '../output/print.ts'
import { resourceCommand } from '../resource/command.ts'
import type { ResourceDefinition, Row } from '../resource/definition.ts'
import { list, oneOf, type Parser, roleBinding, text } from '../resource/parsers.ts'
import { routeOf } from '../resource/routes.ts'
import { printThing } from '../resource/show.ts'

/** `GROUP=ROLE`, or `GROUP=operator:team=own_…,environment=production`. The first equals sign ends the group. */
const mapping: Parser = (typed, flag) => {
  const [group = '', role = ''] = splitAtRole(typed)
  if (group === '' || role === '') throw wrongUsage(`${flag}: "${typed}" is not GROUP=ROLE`, 'Such as --map platform-team=operator')
  return { group, ...(roleBinding(role, flag) as object) }
}

/** Names of groups may hold equals signs (LDAP); what follows the last one before a role is the role. */
function splitAtRole(typed: string): readonly string[] {
  const found = /^(.+)=((?:admin|operator|auditor|viewer)(?::.*)?)$/.exec(typed)
  return found === null ? [] : found.slice(1)
}

export const identityProviders: ResourceDefinition = {
  name: 'identity-provider',
  plural: 'identity providers',
  group: 'identityProviders',
  summary: 'Where people come from: OpenID providers, and the roles that their groups give',
  key: 'id',
  acts: ['list', 'show', 'create', 'update', 'delete'],
  columns: [
    { title: 'ID', value: 'id', fit: 'whole' },
    { title: 'NAME', value: 'name', fit: 'cut' },
    { title: 'ISSUER', value: 'issuer', fit: 'cut' },
    { title: 'STATE', value: 'state', fit: 'whole' },
    { title: 'USERS', value: 'users', fit: 'whole', align: 'right' },
  ],
  filters: [{ flag: 'state', text: 'only in this state: active, disabled', parse: oneOf(['active', 'disabled']) }],
  fields: [
    { flag: 'name', value: 'name', text: 'what the button at the sign-in page says', parse: text, required: true },
    { flag: 'issuer', value: 'url', text: 'its issuer, exactly: https://login.example.com', parse: text, required: true, on: 'create' },
    { flag: 'client-id', value: 'id', text: 'the client that was registered for Keyward', parse: text, required: true, on: 'create' },
    { flag: 'scopes', value: 'a,b', text: 'what to ask for; default openid,email,profile', parse: list },
    { flag: 'groups-claim', value: 'claim', text: 'claim with the groups, such as groups or realm_access.roles', parse: text },
    {
      flag: 'map',
      value: 'group=role',
      path: 'mappings',
      text: 'the role of a group; over less than everything: platform=operator:team=own_…,environment=production. May be given again',
      parse: mapping,
      repeats: true,
    },
    { flag: 'create-users', text: 'whoever is in a mapped group becomes a user', parse: text, sets: true, negates: true },
    { flag: 'allow-private', text: 'it may be at a private or loopback address', parse: text, sets: true, negates: true },
    { flag: 'state', value: 'state', text: 'active or disabled', parse: oneOf(['active', 'disabled']), on: 'update' },
  ],
  secret: 'Client secret',
  secretField: 'client_secret',
  secondOpinion: true,
  whenEmpty:
    'No identity providers: people sign in with passkeys and passwords. Next: keyward identity-provider create --name "Example" --issuer https://login.example.com --client-id …',
}

export function identityProviderCommand(): Command {
  return resourceCommand(identityProviders).addCommand(setSecret()).addCommand(link()).addCommand(unlink())
}

function setSecret(): Command {
  return addSecondOpinion(addSecretOptions(serverCommand('set-client-secret', 'Replace the client secret')))
    .argument('<id>', 'the provider')
    .action(async (id: string, _: unknown, self: Command) => {
      const options = self.optsWithGlobals<CommonOptions & SecretOptions>()
      const client_secret = await readSecret(options, 'Client secret', true)
      const { answer } = await connect(options).call(await routeOf('identityProviders', 'update'), {
        params: { id },
        body: { client_secret },
      })
      printThing(answer as Row, options)
    })
}

interface LinkOptions extends CommonOptions {
  readonly user: string
  readonly subject: string
}

function link(): Command {
  return addSecondOpinion(serverCommand('link', "Connect a user to the provider's own id of them"))
    .argument('<id>', 'the provider')
    .addOption(new Option('--user <user>', 'the user (usr_…)').makeOptionMandatory())
    .addOption(new Option('--subject <sub>', "the provider's id of this person (`sub`), never their address").makeOptionMandatory())
    .action(async (id: string, _: unknown, self: Command) => {
      const options = self.optsWithGlobals<LinkOptions>()
      const { routes } = await import('@keyward/contract/routes')
      const body = { provider: id, subject: options.subject }
      const { answer } = await connect(options).call(routes.userLinks.add, { params: { id: options.user }, body })
      if (options.json) printJson(answer)
      else note(`User ${options.user} signs in by ${id} now.`)
    })
}

function unlink(): Command {
  return addSecondOpinion(serverCommand('unlink', 'Disconnect a user; the roles that its groups gave, and the sessions, end'))
    .argument('<id>', 'the provider')
    .addOption(new Option('--user <user>', 'the user (usr_…)').makeOptionMandatory())
    .action(async (id: string, _: unknown, self: Command) => {
      const options = self.optsWithGlobals<LinkOptions>()
      const { routes } = await import('@keyward/contract/routes')
      await connect(options).call(routes.userLinks.remove, { params: { id: options.user, provider: id } })
      if (options.json) printJson({ unlinked: options.user })
      else note(`User ${options.user} is disconnected from ${id}.`)
    })
}
