import type { Route } from '@keyward/contract/route'
import { routes } from '@keyward/contract/routes'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { auditCsv } from '../src/commands/audit.ts'
import { budgets } from '../src/commands/budget.ts'
import { consents } from '../src/commands/consent.ts'
import { credentials } from '../src/commands/credential.ts'
import { detections } from '../src/commands/detection.ts'
import { environments } from '../src/commands/environment.ts'
import { grants } from '../src/commands/grant.ts'
import { identityProviders } from '../src/commands/identity-provider.ts'
import { issuers } from '../src/commands/issuer.ts'
import { oauthClients } from '../src/commands/oauth-client.ts'
import { owners } from '../src/commands/owner.ts'
import { prices } from '../src/commands/price.ts'
import { resources } from '../src/commands/resource.ts'
import { tenants } from '../src/commands/tenant.ts'
import { tokens } from '../src/commands/token.ts'
import { usageCsv } from '../src/commands/usage.ts'
import { users } from '../src/commands/user.ts'
import { workloads } from '../src/commands/workload.ts'
import { createProgram } from '../src/program.ts'
import { pathOf } from '../src/resource/body.ts'
import type { Act, ResourceDefinition } from '../src/resource/definition.ts'
import { type CommandNode, treeOf } from '../src/tree.ts'

const definitions: readonly ResourceDefinition[] = [
  credentials,
  owners,
  tenants,
  environments,
  workloads,
  issuers,
  oauthClients,
  consents,
  resources,
  grants,
  tokens,
  budgets,
  prices,
  users,
  detections,
  identityProviders,
]
const acts: readonly Act[] = ['list', 'show', 'create', 'update', 'delete', 'revoke']

interface JsonSchema {
  readonly properties?: Record<string, JsonSchema>
  readonly required?: string[]
  readonly anyOf?: JsonSchema[]
  readonly oneOf?: JsonSchema[]
  readonly items?: JsonSchema
  readonly $ref?: string
  readonly $defs?: Record<string, JsonSchema>
}

const routeOf = (definition: ResourceDefinition, act: string) => (routes[definition.group] as unknown as Record<string, Route>)[act]
const schemaOf = (type: z.ZodType) => {
  const root = z.toJSONSchema(type, { io: 'input', unrepresentable: 'any' }) as JsonSchema
  return inlined(root, root.$defs ?? {})
}

/** Schemas that have a name are written by reference: put each where it is used. */
function inlined(schema: JsonSchema, defs: Readonly<Record<string, JsonSchema>>): JsonSchema {
  if (schema.$ref !== undefined) return inlined(defs[schema.$ref.replace('#/$defs/', '')] ?? {}, defs)
  const { properties, anyOf, oneOf, items } = schema
  return {
    ...schema,
    ...(properties === undefined
      ? {}
      : { properties: Object.fromEntries(Object.entries(properties).map(([name, one]) => [name, inlined(one, defs)])) }),
    ...(anyOf === undefined ? {} : { anyOf: anyOf.map((one) => inlined(one, defs)) }),
    ...(oneOf === undefined ? {} : { oneOf: oneOf.map((one) => inlined(one, defs)) }),
    ...(items === undefined ? {} : { items: inlined(items, defs) }),
  }
}

test.each(definitions.map((definition) => [definition.name, definition] as const))(
  'keyward %s has each act that the contract has, and no other',
  (_, definition) => {
    const there = acts.filter((act) => routeOf(definition, act) !== undefined)
    expect([...definition.acts].sort()).toEqual([...there].sort())
  },
)

test.each(definitions.flatMap((definition) => (['create', 'update'] as const).map((act) => [definition.name, act, definition] as const)))(
  'keyward %s %s has a flag for each field of the body',
  (_, act, definition) => {
    const body = routeOf(definition, act)?.body
    if (body === undefined) return
    const schema = schemaOf(body)
    const flags = new Map(
      definition.fields.filter((field) => field.on === undefined || field.on === act).map((field) => [pathOf(field), field]),
    )
    const expected = Object.entries(schema.properties ?? {}).flatMap(([name, one]) => leaves(name, one))
    // The secret has its own ways in; identities are added by their own command.
    const elsewhere = new Set(['secret', 'client_secret', 'identities'])
    expect([...flags.keys()].sort()).toEqual(expected.filter((path) => !elsewhere.has(path)).sort())
    if (act === 'create') for (const name of schema.required ?? []) if (flags.has(name)) expect(flags.get(name)?.required, name).toBe(true)
    if (act === 'update')
      for (const [name, one] of Object.entries(schema.properties ?? {}))
        expect(flags.get(name)?.clears ?? false, `${name} can be emptied`).toBe(
          (one.anyOf ?? []).some((part) => (part as { type?: string }).type === 'null'),
        )
  },
)

/** Members of limits and scopes have flags of their own; the forms of an injection and the members of a map do not. */
function leaves(name: string, schema: JsonSchema): string[] {
  if (!['limits', 'scope'].includes(name)) return [name]
  const forms = schema.anyOf ?? schema.oneOf ?? [schema]
  return [...new Set(forms.flatMap((form) => Object.keys(form.properties ?? {}).map((member) => `${name}.${member}`)))]
}

test.each(definitions.map((definition) => [definition.name, definition] as const))(
  'keyward %s list has each filter of the contract',
  (_, definition) => {
    const query = routeOf(definition, 'list')?.query
    const names = Object.keys(query?.shape ?? {}).filter((name) => !['cursor', 'limit'].includes(name))
    expect(definition.filters.map((filter) => filter.flag.replaceAll('-', '_')).sort()).toEqual(names.sort())
  },
)

test('the CSV of records has a column for each field of a record', () => {
  for (const [columns, route] of [
    [auditCsv, routes.audit.list],
    [usageCsv, routes.usage.list],
  ] as const) {
    const item = schemaOf(route.answer).properties?.items?.items ?? {}
    const names = Object.entries(item.properties ?? {}).flatMap(([name, one]) => {
      const object = [one, ...(one.anyOf ?? [])].find((form) => form.properties !== undefined)
      return object === undefined ? [name] : Object.keys(object.properties ?? {}).map((member) => `${name}.${member}`)
    })
    expect(columns).toEqual(names)
  }
})

/** What only a browser does, or what another command does in one go. */
const elsewhere = new Set([
  'my_consents.list',
  'my_consents.revoke',
  'device_logins.find',
  'device_logins.decide',
  'authorization_requests.read',
  'authorization_requests.decide',
  'teams.list',
  'overview.show',
  'sign_in.link',
  'sign_in.password',
  'sign_in.passkey_options',
  'sign_in.passkey',
  'sign_in.out',
  'me.set_password',
  'me.passkey_options',
  'me.add_passkey',
  'me.list_passkeys',
  'me.remove_passkey',
  'me.list_sessions',
  'me.end_session',
  'sign_in.providers',
  'sign_in.provider_start',
  'sign_in.provider_finish',
  'me.list_provider_links',
  'me.link_provider',
  'me.unlink_provider',
  'users.list_provider_links',
  'settings.show',
])
const commandOf: Readonly<Record<string, string>> = {
  'credentials.add_version': 'credential add-version',
  'workloads.add_identity': 'workload add-identity',
  'workloads.revoke_identity': 'workload revoke-identity',
  'detections.report': 'scan',
  'detections.dismiss': 'detection dismiss',
  'detections.reopen': 'detection reopen',
  'grants.mint': 'token',
  'tokens.lineage': 'token lineage',
  'issuers.try': 'issuer try',
  'issuers.assess': 'issuer assess',
  'usage.list': 'usage list',
  'usage.summary': 'usage summary',
  'audit.list': 'audit list',
  'nodes.list': 'node list',
  'sign_in.local_challenge': 'login',
  'sign_in.local': 'login',
  'me.show': 'whoami',
  'me.list_api_tokens': 'api-token list',
  'me.create_api_token': 'api-token create',
  'me.revoke_api_token': 'api-token revoke',
  'users.erase': 'user erase',
  'users.invite': 'user invite',
  'users.link_provider': 'identity-provider link',
  'users.unlink_provider': 'identity-provider unlink',
  'identity_providers.list': 'identity-provider list',
  'identity_providers.show': 'identity-provider show',
  'identity_providers.create': 'identity-provider create',
  'identity_providers.update': 'identity-provider update',
  'identity_providers.delete': 'identity-provider delete',
  'second_opinions.list': 'second-opinion list',
  'second_opinions.show': 'second-opinion show',
  'second_opinions.approve': 'second-opinion approve',
  'second_opinions.refuse': 'second-opinion refuse',
  'settings.update': 'second-opinion require',
  'sessions.list': 'session list',
  'sessions.end': 'session end',
}

test('every operation of the contract has a command, or a reason to have none', async () => {
  const tree = treeOf(await createProgram())
  const commands = new Set([...walk(tree)].map((node) => node.path.replace(/^keyward /, '')))
  const made = new Set(definitions.flatMap((definition) => definition.acts.map((act) => routeOf(definition, act)?.id)))
  const operations = Object.values(routes).flatMap((group) => Object.values(group).map((route) => (route as Route).id))
  expect(operations.length).toBeGreaterThan(70)
  for (const id of operations) {
    if (made.has(id) || elsewhere.has(id)) continue
    expect(commands.has(commandOf[id] ?? ''), `${id} has no command`).toBe(true)
  }
  for (const definition of definitions) for (const act of definition.acts) expect(commands.has(`${definition.name} ${act}`)).toBe(true)
})

test('the summary in the overview is that of a command that exists, and every option says what it does', async () => {
  for (const node of walk(treeOf(await createProgram()))) {
    expect(node.summary, node.path).not.toBe('')
    for (const option of node.options) expect(option.text, `${node.path} ${option.flags}`).not.toBe('')
  }
})

function* walk(node: CommandNode): Generator<CommandNode> {
  yield node
  for (const child of node.children) yield* walk(child)
}
