import { readFileSync } from 'node:fs'
import { Command } from 'commander'

/** A command's summary, and the module that makes it: loaded only when it is called, so that the others cost nothing. */
interface CommandEntry {
  readonly summary: string
  load(): Promise<Command>
}

/** Every command, in the order of the help. */
export const commandEntries: Readonly<Record<string, CommandEntry>> = {
  serve: { summary: 'run the server', load: async () => (await import('./commands/serve.ts')).serveCommand() },
  login: {
    summary: 'log in, as local administrator or with an API token',
    load: async () => (await import('./commands/login.ts')).loginCommand(),
  },
  logout: { summary: 'end the login', load: async () => (await import('./commands/logout.ts')).logoutCommand() },
  whoami: { summary: 'who I am at the server', load: async () => (await import('./commands/whoami.ts')).whoamiCommand() },
  scan: {
    summary: 'find AI credentials that lie about; needs no server',
    load: async () => (await import('./commands/scan.ts')).scanCommand(),
  },
  adopt: {
    summary: 'move a found secret into the vault, leave a reference',
    load: async () => (await import('./commands/adopt.ts')).adoptCommand(),
  },
  run: {
    summary: 'run a program with governed access: no secret in its environment',
    load: async () => (await import('./commands/run.ts')).runCommand(),
  },
  token: {
    summary: 'mint an access token, by hand or as a workload; records of tokens',
    load: async () => (await import('./commands/token.ts')).tokenCommand(),
  },
  'git-credential': {
    summary: "give git a workload's token for repositories behind the gateway",
    load: async () => (await import('./commands/git-credential.ts')).gitCredentialCommand(),
  },
  credential: {
    summary: 'API keys and the like, each with an owner',
    load: async () => (await import('./commands/credential.ts')).credentialCommand(),
  },
  detection: {
    summary: 'secrets that scanners reported, and what was decided',
    load: async () => (await import('./commands/detection.ts')).detectionCommand(),
  },
  owner: { summary: 'people and teams that answer for them', load: async () => (await import('./commands/owner.ts')).ownerCommand() },
  workload: { summary: 'agents, pipelines and services', load: async () => (await import('./commands/workload.ts')).workloadCommand() },
  issuer: {
    summary: 'who may vouch for workloads: CI systems, clusters, authorities',
    load: async () => (await import('./commands/issuer.ts')).issuerCommand(),
  },
  resource: {
    summary: 'what agents reach through the gateway',
    load: async () => (await import('./commands/resource.ts')).resourceCommand(),
  },
  grant: {
    summary: 'which workload may do what on which resource',
    load: async () => (await import('./commands/grant.ts')).grantCommand(),
  },
  'oauth-client': {
    summary: 'programs that people may connect to their agents',
    load: async () => (await import('./commands/oauth-client.ts')).oauthClientCommand(),
  },
  consent: { summary: 'clients that people have connected', load: async () => (await import('./commands/consent.ts')).consentCommand() },
  budget: { summary: 'hard ceilings of spending', load: async () => (await import('./commands/budget.ts')).budgetCommand() },
  price: { summary: 'prices of your own', load: async () => (await import('./commands/price.ts')).priceCommand() },
  tenant: { summary: 'customers inside a resource', load: async () => (await import('./commands/tenant.ts')).tenantCommand() },
  environment: {
    summary: 'development, production and the like',
    load: async () => (await import('./commands/environment.ts')).environmentCommand(),
  },
  usage: { summary: 'what was used and what it cost', load: async () => (await import('./commands/usage.ts')).usageCommand() },
  audit: { summary: 'what was asked, decided and done, by whom', load: async () => (await import('./commands/audit.ts')).auditCommand() },
  user: { summary: 'people who may sign in, and their roles', load: async () => (await import('./commands/user.ts')).userCommand() },
  'identity-provider': {
    summary: 'where people come from: OpenID providers, groups and roles',
    load: async () => (await import('./commands/identity-provider.ts')).identityProviderCommand(),
  },
  'second-opinion': {
    summary: "dangerous acts that wait for another admin's yes",
    load: async () => (await import('./commands/second-opinion.ts')).secondOpinionCommand(),
  },
  session: { summary: "everybody's sessions of the console", load: async () => (await import('./commands/session.ts')).sessionCommand() },
  'api-token': { summary: 'your own API tokens', load: async () => (await import('./commands/api-token.ts')).apiTokenCommand() },
  node: { summary: 'the servers of this installation', load: async () => (await import('./commands/node.ts')).nodeCommand() },
  kek: { summary: 'the key-encryption key of this installation', load: async () => (await import('./commands/kek.ts')).kekCommand() },
  doctor: {
    summary: 'what is wrong with this installation, and the fix',
    load: async () => (await import('./commands/doctor.ts')).doctorCommand(),
  },
  completion: {
    summary: 'completion for bash, zsh or fish',
    load: async () => (await import('./commands/completion.ts')).completionCommand(() => createProgram()),
  },
}

export function version(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

/** The whole program with only the named command loaded; without a name, with all of them (for the docs and completion). */
export async function createProgram(only?: string | undefined): Promise<Command> {
  const program = new Command('keyward')
    .description('The control plane for AI credentials: who owns each, what it may do, and how it ends.')
    .version(version(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .helpCommand('help [command]', 'show help of a command')
    .option('--json', 'answer as JSON, for programs')
    .option('--server <url>', 'the server (KEYWARD_SERVER; default http://localhost:7411)')
    .enablePositionalOptions()
    .addHelpText(
      'after',
      '\nExit codes: 0 done, 1 refused or found, 2 wrong usage, 3 server away. Secrets are\nnever arguments: they come from a hidden prompt, --secret-stdin or --secret-file.',
    )
  for (const [name, entry] of Object.entries(commandEntries)) {
    if (only === undefined || name === only) program.addCommand(await entry.load())
    else program.command(name).description(entry.summary)
  }
  return program
}

/** The command that a command line names: its first word that is no option. */
export function namedCommand(args: readonly string[]): string | undefined {
  for (let at = 0; at < args.length; at++) {
    const word = args[at] ?? ''
    if (word === '--') return undefined
    if (word === '--server') at += 1
    else if (word === 'help' && at + 1 < args.length) continue
    else if (!word.startsWith('-')) return word
  }
  return undefined
}
