import { Command } from 'commander'
import { wrongUsage } from '../failure.ts'
import { print, warn } from '../output/print.ts'
import { colorsFor } from '../output/terminal.ts'
import type { Governed } from '../run/governed.ts'
import { type ActingAs, addIdentityOptions, explainSurvey, type IdentityOptions, identityFor, surveyIdentities } from '../run/identity.ts'

interface RunOptions extends IdentityOptions {
  readonly grant?: string[]
  readonly quiet?: boolean
  readonly explain?: boolean
}

/**
 * Tokens first, so that a refusal is told before the program starts; then the sidecar, then the program with its address in the place of keys.
 * Ends with the program's own exit code, the sidecar stopped and the tokens ended.
 */
export function runCommand(): Command {
  return addIdentityOptions(
    new Command('run').description(
      'Run a program with governed access: it gets the address of a local sidecar and a key that is useless elsewhere, no secret',
    ),
  )
    .option('--grant <grant>', 'what it may use (grt_…); may be given again', (grant: string, before: string[] | undefined) => [
      ...(before ?? []),
      grant,
    ])
    .option('--server <url>', 'the server (KEYWARD_SERVER; default http://localhost:7411)')
    .option('-q, --quiet', 'do not say what is governed')
    .option('--explain', 'say which identities are looked for and which one is taken, and run nothing')
    .argument('[command...]', 'the program and its arguments, after --')
    .usage('--grant grt_… [--grant grt_…] [--workload wl_…] -- COMMAND [ARGUMENT...]')
    .passThroughOptions()
    .action(async (command: string[], _: unknown, self: Command) => {
      const options = self.optsWithGlobals<RunOptions>()
      if (options.explain) {
        for (const line of explainSurvey(await surveyIdentities(options, process.env))) print(line)
        return
      }
      const [program, ...args] = command
      const grants = [...new Set(options.grant ?? [])]
      if (grants.length === 0) throw wrongUsage('Name at least one grant: --grant grt_…', 'keyward grant list shows them.')
      for (const grant of grants)
        if (!grant.startsWith('grt_'))
          throw wrongUsage(
            `--grant wants an id of the form grt_…, and got ${grant === '' ? 'nothing' : grant}`,
            'keyward grant list shows them.',
          )
      if (program === undefined) throw wrongUsage('Name the program to run after --', 'keyward run --grant grt_… -- python agent.py')
      process.exitCode = await run(grants, options, [program, ...args])
    })
}

async function run(grants: readonly string[], options: RunOptions, command: readonly [string, ...string[]]): Promise<number> {
  const [{ govern, release }, { SidecarKey }, { startSidecar }, { childEnvironment }, { runChild }] = await Promise.all([
    import('../run/governed.ts'),
    import('../run/sidecar-key.ts'),
    import('../run/sidecar.ts'),
    import('../run/environment.ts'),
    import('../run/child.ts'),
  ])
  const key = new SidecarKey()
  const acting = await identityFor(options, process.env)
  const governed = await govern(acting, key, grants)
  try {
    const sidecar = await startSidecar({ resources: governed, key, log: (line) => warn(line) })
    try {
      const child = childEnvironment(
        process.env,
        sidecar,
        governed.map(({ token, name }) => ({ ...token, name })),
      )
      if (options.quiet !== true) say(acting, governed, sidecar.origin)
      for (const name of child.ungoverned)
        warn(
          `${name} is set and goes to the program as it is: nothing governs it. Put its service behind Keyward, or leave it out: env -u ${name} keyward run …`,
        )
      return await runChild(command, child.env)
    } finally {
      await sidecar.stop()
    }
  } finally {
    await release(governed)
  }
}

function say({ identity }: ActingAs, governed: readonly Governed[], origin: string): void {
  const what = governed.map(
    ({ name, grant, token }) => `${name} by ${grant} (tokens of ${Math.round((token.expiresAtMs - Date.now()) / 60_000) || '<1'} min)`,
  )
  process.stderr.write(
    `${colorsFor(process.stderr).dim(`keyward run: governed through ${origin}: ${what.join(', ')}; proved by ${identity.about}`)}\n`,
  )
}
