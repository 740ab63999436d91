import type { Identity } from '@keyward/contract/identities'
import { identityMethods } from '@keyward/contract/words'
import type { Command } from 'commander'
import { type CommonOptions, serverCommand } from '../common-options.ts'
import type { Api } from '../connection/api.ts'
import { connect } from '../connection/connect.ts'
import { exitCodes, Failure, wrongUsage } from '../failure.ts'
import { addClaimOptions, type ClaimOptions, claimsFrom } from '../input/claims.ts'
import { parseJson, readTextFile } from '../input/files.ts'
import { note, print, printJson, warn } from '../output/print.ts'
import { safeLine } from '../output/safe.ts'
import type { Row } from '../resource/definition.ts'
import { futureTime, oneOf } from '../resource/parsers.ts'
import { routeOf } from '../resource/routes.ts'
import { printThing } from '../resource/show.ts'

type Method = (typeof identityMethods)[number]
type Body = Record<string, unknown>

interface IdentityOptions extends CommonOptions, ClaimOptions {
  readonly method: string
  readonly name?: string
  readonly grant?: string[]
  readonly issuer?: string
  readonly audience?: string[]
  readonly singleUse?: boolean
  readonly spiffeId?: string
  readonly subjectDn?: string
  readonly sanDns?: string
  readonly sanUri?: string
  readonly sanIp?: string
  readonly sanEmail?: string
  readonly certificateFile?: string
  readonly jwkFile?: string
  readonly expiresAt?: string
  readonly quiet?: boolean
}

/** What each method takes beside name and grants, in the words of the contract. */
const bodies: Readonly<Record<Method, (options: IdentityOptions, api: Api) => Promise<Body>>> = {
  oidc: async (options, api) => ({
    issuer: await issuerId(options, api),
    claims: claimsFrom(options),
    ...(options.audience === undefined ? {} : { audiences: options.audience }),
    ...(options.singleUse ? { single_use: true } : {}),
  }),
  spiffe_jwt: async (options, api) => ({
    issuer: await issuerId(options, api),
    spiffe_id: needed(options.spiffeId, '--spiffe-id'),
    ...(options.audience === undefined ? {} : { audiences: options.audience }),
  }),
  spiffe_x509: async (options, api) => ({ issuer: await issuerId(options, api), spiffe_id: needed(options.spiffeId, '--spiffe-id') }),
  tls_client_auth: async (options, api) => ({ issuer: await issuerId(options, api), ...subjectOf(options) }),
  self_signed_tls_client_auth: async ({ certificateFile }) => ({
    certificate: readTextFile(needed(certificateFile, '--certificate-file'), '--certificate-file'),
  }),
  private_key_jwt: async ({ jwkFile }) => {
    const file = needed(jwkFile, '--jwk-file', 'It holds the public key. `keyward workload enroll` makes a key pair for this machine.')
    return { jwk: parseJson(readTextFile(file, '--jwk-file'), '--jwk-file', file) }
  },
  client_secret_basic: async ({ expiresAt }) => (expiresAt === undefined ? {} : { expires_at: futureTime(expiresAt, '--expires-at') }),
}

/** Which flags belong to which methods: one that does not fit is a mistake, and silence would make it a wrong rule. */
const flagsOf: readonly (readonly [keyof IdentityOptions, string, readonly Method[]])[] = [
  ['issuer', '--issuer', ['oidc', 'spiffe_jwt', 'spiffe_x509', 'tls_client_auth']],
  ['audience', '--audience', ['oidc', 'spiffe_jwt']],
  ['claim', '--claim', ['oidc']],
  ['claimPrefix', '--claim-prefix', ['oidc']],
  ['claimContains', '--claim-contains', ['oidc']],
  ['singleUse', '--single-use', ['oidc']],
  ['spiffeId', '--spiffe-id', ['spiffe_jwt', 'spiffe_x509']],
  ['subjectDn', '--subject-dn', ['tls_client_auth']],
  ['sanDns', '--san-dns', ['tls_client_auth']],
  ['sanUri', '--san-uri', ['tls_client_auth']],
  ['sanIp', '--san-ip', ['tls_client_auth']],
  ['sanEmail', '--san-email', ['tls_client_auth']],
  ['certificateFile', '--certificate-file', ['self_signed_tls_client_auth']],
  ['jwkFile', '--jwk-file', ['private_key_jwt']],
  ['expiresAt', '--expires-at', ['client_secret_basic']],
]

export function addIdentityCommand(): Command {
  const again = (text: string, before: string[] | undefined) => [...(before ?? []), text]
  const command = serverCommand(
    'add-identity',
    'Add a way to prove who it is: a trust rule, a certificate, a key. For this machine, `workload enroll` does it all',
  )
    .argument('<id>', 'the workload (wl_…)')
    .requiredOption('--method <method>', `${identityMethods.join(', ')} (the last is discouraged)`)
    .option('--issuer <issuer>', 'who vouches for it: the id (iss_…), the iss, or the name of a trusted issuer')
  addClaimOptions(command)
  return command
    .option(
      '--audience <aud>',
      'oidc, spiffe_jwt: a value of aud that is accepted (default: the name of this Keyward); may be given again',
      again,
    )
    .option('--single-use', 'oidc: take each token once, by its jti')
    .option('--spiffe-id <id>', 'spiffe_jwt, spiffe_x509: spiffe://acme.example/ns/prod/agent; * may stand for the last segment')
    .option('--subject-dn <dn>', 'tls_client_auth: the whole subject of the certificate (RFC 4514)')
    .option('--san-dns <name>', 'tls_client_auth: or a DNS name in it')
    .option('--san-uri <uri>', 'tls_client_auth: or a URI in it')
    .option('--san-ip <address>', 'tls_client_auth: or an IP address in it')
    .option('--san-email <address>', 'tls_client_auth: or an email address in it')
    .option('--certificate-file <file>', 'self_signed_tls_client_auth: the certificate, PEM')
    .option('--jwk-file <file>', 'private_key_jwt: the public key as a JWK')
    .option('--expires-at <time>', 'client_secret_basic: when the secret ends')
    .option('--grant <grant>', 'only these grants of the workload (grt_…); may be given again. Default: all', again)
    .option('--name <name>', 'which job, machine or pipeline has it')
    .option('-q, --quiet', 'print the id alone')
    .action(async (id: string, _: unknown, self: Command) => await addIdentity(id, self.optsWithGlobals<IdentityOptions>()))
}

async function addIdentity(id: string, options: IdentityOptions): Promise<void> {
  const method = oneOf(identityMethods)(options.method, '--method') as Method
  for (const [name, flag, methods] of flagsOf)
    if (options[name] !== undefined && !methods.includes(method))
      throw wrongUsage(`${flag} does not go with --method ${method}`, `It goes with ${methods.join(', ')}.`)
  const api = connect(options)
  const body = {
    method,
    ...(options.name === undefined ? {} : { name: options.name }),
    ...(options.grant === undefined ? {} : { grants: options.grant }),
    ...(await bodies[method](options, api)),
  }
  const { answer } = await api.call(await routeOf('workloads', 'addIdentity'), { params: { id }, body })
  const { client_secret: secret, ...identity } = answer as Identity
  if (options.json) printJson(answer)
  else if (secret === undefined) printThing(identity as Row, options)
  else {
    print(secret)
    note(`Identity ${identity.id}. The client secret is shown this once: put it where the workload reads it, and nowhere else.`)
  }
  if (!options.json) for (const warning of identity.warnings) warn(safeLine(warning))
}

export function revokeIdentityCommand(): Command {
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

function needed(value: string | undefined, flag: string, fix?: string): string {
  if (value === undefined) throw wrongUsage(`This method needs ${flag}`, fix)
  return value
}

function subjectOf({ subjectDn, sanDns, sanUri, sanIp, sanEmail }: IdentityOptions): Body {
  const given = Object.entries({ subject_dn: subjectDn, san_dns: sanDns, san_uri: sanUri, san_ip: sanIp, san_email: sanEmail })
  const named = given.filter(([, value]) => value !== undefined)
  if (named.length !== 1) throw wrongUsage('tls_client_auth needs exactly one of --subject-dn, --san-dns, --san-uri, --san-ip, --san-email')
  return Object.fromEntries(named)
}

/** An issuer by its id, its `iss` or its name. @throws Failure where none or several are called that */
async function issuerId({ issuer }: IdentityOptions, api: Api): Promise<string> {
  const wanted = needed(issuer, '--issuer', 'keyward issuer list shows whom this Keyward trusts.')
  if (/^iss_[0-9a-z]{26}$/.test(wanted)) return wanted
  const { answer } = await api.call(await routeOf('issuers', 'list'), { query: { state: 'active', limit: 200 } })
  const { items } = answer as { items: { id: string; issuer: string; name: string }[] }
  const found = items.filter((one) => one.issuer === wanted || one.name === wanted)
  const [only, another] = found
  if (only !== undefined && another === undefined) return only.id
  throw new Failure(exitCodes.refused, `${found.length === 0 ? 'No' : 'More than one'} trusted issuer is called ${wanted}`, {
    fix: 'keyward issuer list shows them: name one by its id, or trust it first with keyward issuer create.',
  })
}
