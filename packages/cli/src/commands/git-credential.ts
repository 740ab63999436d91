import { Command } from 'commander'
import { canonicalOrigin, serverOrigin } from '../connection/address.ts'
import { exitCodes, wrongUsage } from '../failure.ts'
import { readStdin } from '../input/stdin.ts'
import { tell } from '../output/failure.ts'
import { print } from '../output/print.ts'
import { addIdentityOptions, type IdentityOptions, identityFor } from '../run/identity.ts'

interface GitCredentialOptions extends IdentityOptions {
  readonly grant?: string
}

/**
 * git's credential helper protocol (git-credential(1)): `get` answers for addresses behind the gateway of this Keyward and for no other, with
 * a token that is minted for this very call. `store` and `erase` do nothing, because nothing is kept.
 */
export function gitCredentialCommand(): Command {
  return addIdentityOptions(
    new Command('git-credential').description(
      "A credential helper for git: a workload's short-lived token for repositories behind the gateway",
    ),
  )
    .argument('<act>', 'what git asks for: get, store or erase')
    .option('--grant <grant>', 'the grant (grt_…), where the workload has several to the resource')
    .option('--server <url>', 'the server (KEYWARD_SERVER; default http://localhost:7411)')
    .usage('[--grant grt_…] get|store|erase')
    .action(async (act: string, _: unknown, self: Command) => {
      const options = self.optsWithGlobals<GitCredentialOptions>()
      if (act === 'get') await get(options)
      else if (act !== 'store' && act !== 'erase') throw wrongUsage(`git-credential: "${act}" is not one of get, store, erase`)
    })
}

async function get(options: GitCredentialOptions): Promise<void> {
  const asked = attributesIn(await readStdin())
  const { protocol, host, path } = asked
  const ours = serverOrigin(options.server, process.env)
  const address = URL.parse(`${protocol}://${host}/`)
  // Another host's: other helpers know it, this one does not even look for an identity. Another name of this machine may be another listener.
  if (address === null || (address.origin !== ours && address.origin !== canonicalOrigin(ours))) return
  const name = path === undefined ? undefined : /^g\/([a-z0-9-]{1,63})(?:\/|$)/.exec(path)?.[1]
  if (path !== undefined && name === undefined) return
  try {
    if (name === undefined && options.grant === undefined)
      throw wrongUsage('git did not say which repository it wants', `git config --global credential.${ours}.useHttpPath true`)
    const acting = await identityFor(options, process.env)
    const { mintAs } = await import('../run/mint-as.ts')
    const minted = await mintAs(acting, { grant: options.grant, resource: name })
    print('username=keyward')
    print(`password=${minted.access_token}`)
    print(`password_expiry_utc=${Math.floor(Date.now() / 1000) + minted.expires_in}`)
  } catch (error) {
    // Told here, and git is told to stop: it would ask a person at the terminal for a password that nobody has.
    print('quit=1')
    process.exitCode = tell(error, false) || exitCodes.refused
  }
}

/** `name=value` lines; of a name that comes twice, the last counts. */
function attributesIn(text: string): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(
    text.split('\n').flatMap((line) => {
      const at = line.indexOf('=')
      return at < 1 ? [] : [[line.slice(0, at), line.slice(at + 1)]]
    }),
  )
}
