import { hostname } from 'node:os'
import { resolve } from 'node:path'
import type { Me } from '@keyward/contract/people'
import { isWellFormedSecret } from '@keyward/contract/secret-format'
import { type Command, Option } from 'commander'
import { type CommonOptions, serverCommand } from '../common-options.ts'
import { canonicalOrigin, defaultServer, isLoopback, serverOrigin } from '../connection/address.ts'
import { Api } from '../connection/api.ts'
import { browserLogin } from '../connection/browser-login.ts'
import { deviceLogin } from '../connection/device-login.ts'
import { issuerOf } from '../connection/issuer.ts'
import type { Login } from '../connection/login-endpoints.ts'
import { browserCommand, openBrowser } from '../connection/open-browser.ts'
import { writeProfile } from '../connection/profile.ts'
import { exitCodes, Failure, wrongUsage } from '../failure.ts'
import { readSecret, type SecretOptions } from '../input/secret.ts'
import { note, print, printJson } from '../output/print.ts'
import { showTime } from '../output/values.ts'

interface LoginOptions extends CommonOptions, SecretOptions {
  readonly local?: boolean
  readonly browser?: boolean
  readonly device?: boolean
  readonly withToken?: boolean
  readonly data?: string
}

/**
 * In a terminal: opens the browser, where the person says yes, and gets hours as them. `--device`: the same from a machine without a browser, by a
 * code. `--local`: proves to the server on this machine that the caller can read its data folder and its key-encryption key, and gets an hour as
 * administrator. Otherwise an API token, from the hidden prompt, standard input or a file. Each is kept in a file of mode 0600.
 */
export function loginCommand(): Command {
  return serverCommand('login', 'Log in: by the browser, by a code from another machine (--device), or as local administrator (--local)')
    .option('--browser', 'open the browser also where this is no terminal')
    .option('--device', 'for a machine without a browser: shows a code to type in at another')
    .option(
      '--local',
      'one hour as administrator, for whoever can read the data folder and the key-encryption key of the server on this machine',
    )
    .option('--data <folder>', 'with --local: the data folder (KEYWARD_DATA; default .keyward)')
    .option('--with-token', 'with an API token from the console, asked for without showing it')
    .addOption(new Option('--secret-stdin', 'read the API token from standard input'))
    .addOption(new Option('--secret-file <file>', 'read the API token from a file'))
    .action(async (_: unknown, self: Command) => {
      const options = self.optsWithGlobals<LoginOptions>()
      const ways = [options.local, options.browser, options.device, options.withToken].filter((way) => way === true)
      if (ways.length > 1) throw wrongUsage('Give one of --browser, --device, --local and --with-token')
      if (options.local) await localLogin(options)
      else if (options.device) await byDevice(options)
      else if (options.browser || (ways.length === 0 && !givesToken(options))) await byBrowser(options)
      else await tokenLogin(options)
    })
}

/** Without a terminal a token may come by standard input: scripts do that. */
function givesToken(options: LoginOptions): boolean {
  return options.secretStdin === true || options.secretFile !== undefined || !process.stdin.isTTY
}

async function byBrowser(options: LoginOptions): Promise<void> {
  const origin = serverOrigin(options.server, process.env)
  const issuer = await issuerOf(new Api(origin, undefined))
  const command = browserCommand(process.env)
  if (command === undefined)
    throw new Failure(exitCodes.refused, 'There is no browser on this machine', {
      fix: 'Use `keyward login --device` and a browser elsewhere; on the machine that runs Keyward, `keyward login --local`.',
    })
  const login = await browserLogin(origin, issuer, (address) => {
    note(`Say yes in the browser. If none opens, go to:\n${address}`)
    openBrowser(command, address)
  })
  await keep(options, origin, login)
}

async function byDevice(options: LoginOptions): Promise<void> {
  const origin = serverOrigin(options.server, process.env)
  await issuerOf(new Api(origin, undefined))
  const login = await deviceLogin(origin, hostname(), ({ userCode, address, minutes }) => {
    note(`In a browser on any machine, sign in at ${address} and type this code (good for ${minutes} minutes):\n\n    ${userCode}\n`)
  })
  await keep(options, origin, login)
}

/** Checks the token and keeps it. */
async function keep(options: LoginOptions, origin: string, login: Pick<Login, 'token'>): Promise<void> {
  const { routes } = await import('@keyward/contract/routes')
  const { answer } = await new Api(origin, login.token).call(routes.me.show)
  const me = answer as Me
  const path = writeProfile(process.env, origin, { token: login.token, expires_at: me.session.expires_at })
  if (options.json) printJson({ user: me.user.id, name: me.user.name, expires_at: me.session.expires_at })
  else print(`Logged in at ${origin} as ${me.user.name} until ${showTime(me.session.expires_at)}. The token is in ${path}.`)
}

async function localLogin(options: LoginOptions): Promise<void> {
  const { readLocalLogin } = await import('@keyward/server/people/local-proof')
  const { routes } = await import('@keyward/contract/routes')
  const folder = resolve(options.data ?? process.env.KEYWARD_DATA ?? '.keyward')
  let local: ReturnType<typeof readLocalLogin>
  try {
    local = readLocalLogin(folder)
  } catch (error) {
    throw new Failure(exitCodes.refused, error instanceof Error ? error.message : String(error), {
      fix: 'Run this on the machine and as the user that runs Keyward, in its folder or with --data.',
      cause: error,
    })
  }
  const named = options.server !== undefined || process.env.KEYWARD_SERVER !== undefined
  const origin = named ? serverOrigin(options.server, process.env) : canonicalOrigin(local.address)
  const api = new Api(named ? origin : local.address.replace(/\/$/, ''), undefined)
  if (!isLoopback(new URL(api.origin).hostname))
    throw wrongUsage('--local is for the server on this machine', `It listens at ${local.address}.`)
  const { answer: begun } = await api.call(routes.signIn.localChallenge)
  const { challenge } = begun as { challenge: string }
  const { answer } = await api.call(routes.signIn.local, { body: { challenge, proof: local.prove(challenge) } })
  const session = answer as { token: string; expires_at: string }
  if (options.json) {
    printJson(session)
    return
  }
  writeProfile(process.env, origin, session)
  print(`Logged in at ${origin} as local administrator until ${showTime(session.expires_at)}.`)
  sayServer(origin, named)
}

async function tokenLogin(options: LoginOptions): Promise<void> {
  const origin = serverOrigin(options.server, process.env)
  const token = await readSecret(
    process.stdin.isTTY || options.secretFile !== undefined ? options : { secretStdin: true },
    'API token (kwu_…)',
    true,
  )
  if (token === undefined || !isWellFormedSecret('apiToken', token))
    throw new Failure(exitCodes.refused, 'That is no API token of Keyward: it has the wrong form, or was cut when it was copied', {
      fix: 'Make one in the console (your name → API tokens), and paste it whole. It begins with kwu_.',
    })
  await keep(options, origin, { token })
}

/** Further commands look at the default server: say so where this is another. */
function sayServer(origin: string, named: boolean): void {
  if (!named && origin !== defaultServer) note(`For the commands that follow: export KEYWARD_SERVER=${origin}`)
}
