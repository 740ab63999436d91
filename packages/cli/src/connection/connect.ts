import { exitCodes, Failure } from '../failure.ts'
import { serverOrigin } from './address.ts'
import { Api } from './api.ts'
import { profilePath, readProfile } from './profile.ts'

export interface ServerOptions {
  readonly server?: string
  readonly secondOpinion?: string
}

/**
 * The server that the options and the environment name, as whoever is logged in there: KEYWARD_TOKEN, else the profile of `keyward login`.
 * @throws Failure where nobody is logged in, or the login has ended
 */
export function connect(options: ServerOptions, env: NodeJS.ProcessEnv = process.env): Api {
  const origin = serverOrigin(options.server, env)
  const given = env.KEYWARD_TOKEN?.trim()
  if (given !== undefined && given !== '') return new Api(origin, given, options.secondOpinion)
  const profile = readProfile(env, origin)
  const fix =
    '`keyward login` (by the browser), `keyward login --device` (no browser here), or on the machine that runs Keyward `keyward login --local`. Scripts: KEYWARD_TOKEN.'
  if (profile === undefined) throw new Failure(exitCodes.refused, `Not logged in at ${origin}`, { fix })
  if (Date.parse(profile.expires_at) <= Date.now())
    throw new Failure(exitCodes.refused, `The login in ${profilePath(env, origin)} ended at ${profile.expires_at}`, { fix })
  return new Api(origin, profile.token, options.secondOpinion)
}

/** Whether somebody is: a login that has ended counts, for it is the person's to renew. */
export function isLoggedIn(options: ServerOptions, env: NodeJS.ProcessEnv = process.env): boolean {
  return (env.KEYWARD_TOKEN ?? '').trim() !== '' || readProfile(env, serverOrigin(options.server, env)) !== undefined
}
