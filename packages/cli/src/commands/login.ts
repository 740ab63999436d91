import { resolve } from 'node:path'
import type { Me } from '@keyward/contract/people'
import { isWellFormedSecret } from '@keyward/contract/secret-format'
import { type Command, Option } from 'commander'
import { type CommonOptions, serverCommand } from '../common-options.ts'
import { canonicalOrigin, defaultServer, isLoopback, serverOrigin } from '../connection/address.ts'
import { Api } from '../connection/api.ts'
import { writeProfile } from '../connection/profile.ts'
import { exitCodes, Failure, wrongUsage } from '../failure.ts'
import { readSecret, type SecretOptions } from '../input/secret.ts'
import { note, print, printJson } from '../output/print.ts'
import { showTime } from '../output/values.ts'

interface LoginOptions extends CommonOptions, SecretOptions {
  readonly local?: boolean
  readonly data?: string
}

/**
 * `--local`: proves to the server on this machine that the caller can read its data folder and its key-encryption key, and gets an hour as
 * administrator. Otherwise an API token, from the hidden prompt, standard input or a file. Either is kept in a file of mode 0600.
 */
export function loginCommand(): Command {
  return serverCommand('login', 'Log in: as local administrator of this machine (--local), or with an API token from the console')
    .option(
      '--local',
      'one hour as administrator, for whoever can read the data folder and the key-encryption key of the server on this machine',
    )
    .option('--data <folder>', 'with --local: the data folder (KEYWARD_DATA; default .keyward)')
    .addOption(new Option('--secret-stdin', 'read the API token from standard input'))
    .addOption(new Option('--secret-file <file>', 'read the API token from a file'))
    .action(async (_: unknown, self: Command) => {
      const options = self.optsWithGlobals<LoginOptions>()
      if (options.local) await localLogin(options)
      else await tokenLogin(options)
    })
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
  const { routes } = await import('@keyward/contract/routes')
  const { answer } = await new Api(origin, token).call(routes.me.show)
  const me = answer as Me
  const path = writeProfile(process.env, origin, { token, expires_at: me.session.expires_at })
  if (options.json) printJson({ user: me.user.id, name: me.user.name, expires_at: me.session.expires_at })
  else print(`Logged in at ${origin} as ${me.user.name} until ${showTime(me.session.expires_at)}. The token is in ${path}.`)
}

/** Further commands look at the default server: say so where this is another. */
function sayServer(origin: string, named: boolean): void {
  if (!named && origin !== defaultServer) note(`For the commands that follow: export KEYWARD_SERVER=${origin}`)
}
