import type { Command } from 'commander'
import { type CommonOptions, serverCommand } from '../common-options.ts'
import { serverOrigin } from '../connection/address.ts'
import { Api } from '../connection/api.ts'
import { readProfile, removeProfile } from '../connection/profile.ts'
import { Failure } from '../failure.ts'
import { print, printJson, warn } from '../output/print.ts'

/** Ends the token on the server and forgets it here. A server that is away keeps nobody logged in here. */
export function logoutCommand(): Command {
  return serverCommand('logout', 'End the login of `keyward login`, on the server too')
    .option('--keep-token', 'only forget it here: it is an API token that something else uses')
    .action(async (_: unknown, self: Command) => {
      const options = self.optsWithGlobals<CommonOptions & { readonly keepToken?: boolean }>()
      const origin = serverOrigin(options.server, process.env)
      const profile = readProfile(process.env, origin)
      let ended = false
      if (profile !== undefined && options.keepToken !== true) ended = await endToken(origin, profile.token)
      removeProfile(process.env, origin)
      if (options.json) printJson({ logged_out: profile !== undefined, token_ended: ended })
      else
        print(
          profile === undefined ? `Nobody was logged in at ${origin}.` : `Logged out at ${origin}.${ended ? ' The token is ended.' : ''}`,
        )
    })
}

async function endToken(origin: string, token: string): Promise<boolean> {
  const { routes } = await import('@keyward/contract/routes')
  const api = new Api(origin, token)
  try {
    const { answer } = await api.call(routes.me.show)
    await api.call(routes.me.revokeApiToken, { params: { id: (answer as { session: { id: string } }).session.id } })
    return true
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    if (error.problem?.status !== 401) warn(`the token could not be ended on the server: ${error.message}`)
    return false
  }
}
