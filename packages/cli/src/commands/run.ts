import { Command } from 'commander'
import { canonicalOrigin, serverOrigin } from '../connection/address.ts'
import { exitCodes, Failure, wrongUsage } from '../failure.ts'
import { warn } from '../output/print.ts'
import { colorsFor } from '../output/terminal.ts'
import type { Governed } from '../run/governed.ts'

interface RunOptions {
  readonly grant?: string[]
  readonly workload?: string
  readonly server?: string
  readonly quiet?: boolean
}

/**
 * Tokens first, so that a refusal is told before the program starts; then the sidecar, then the program with its address in the place of keys.
 * Ends with the program's own exit code, the sidecar stopped and the tokens ended.
 */
export function runCommand(): Command {
  return new Command('run')
    .description(
      'Run a program with governed access: it gets the address of a local sidecar and a key that is useless elsewhere, no secret',
    )
    .option('--grant <grant>', 'what it may use (grt_…); may be given again', (grant: string, before: string[] | undefined) => [
      ...(before ?? []),
      grant,
    ])
    .option('--workload <workload>', 'who it runs as (wl_…); needed where this machine is enrolled for several')
    .option('--server <url>', 'the server (KEYWARD_SERVER; default http://localhost:7411)')
    .option('-q, --quiet', 'do not say what is governed')
    .argument('[command...]', 'the program and its arguments, after --')
    .usage('--grant grt_… [--grant grt_…] [--workload wl_…] -- COMMAND [ARGUMENT...]')
    .passThroughOptions()
    .action(async (command: string[], _: unknown, self: Command) => {
      const options = self.optsWithGlobals<RunOptions>()
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
  const governed = await govern(await enrolmentFor(options), key, grants)
  try {
    const sidecar = await startSidecar({ resources: governed, key, log: (line) => warn(line) })
    try {
      const child = childEnvironment(
        process.env,
        sidecar,
        governed.map(({ token, name }) => ({ ...token, name })),
      )
      if (options.quiet !== true) say(governed, sidecar.origin)
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

function say(governed: readonly Governed[], origin: string): void {
  const what = governed.map(
    ({ name, grant, token }) => `${name} by ${grant} (tokens of ${Math.round((token.expiresAtMs - Date.now()) / 60_000) || '<1'} min)`,
  )
  process.stderr.write(`${colorsFor(process.stderr).dim(`keyward run: governed through ${origin}: ${what.join(', ')}`)}\n`)
}

async function enrolmentFor(options: RunOptions) {
  const { openEnrolments } = await import('../run/enrolments.ts')
  const enrolments = openEnrolments(process.env)
  const origin = serverOrigin(options.server, process.env)
  const names = [...new Set([origin, canonicalOrigin(origin)])]
  const known = names.flatMap((name) => enrolments.workloadsAt(name).map((workload) => ({ name, workload })))
  const chosen = options.workload === undefined ? known : known.filter(({ workload }) => workload === options.workload)
  const [only, another] = chosen
  if (only === undefined) {
    const who = options.workload ?? 'any workload'
    throw new Failure(exitCodes.refused, `This machine is not enrolled for ${who} at ${origin}`, {
      fix: `keyward workload enroll ${options.workload ?? 'wl_…'} (needs a login), or name the server with --server.`,
    })
  }
  if (another !== undefined)
    throw wrongUsage(
      `This machine is enrolled for several workloads: ${chosen.map(({ workload }) => workload).join(', ')}`,
      'Say which with --workload; `keyward grant show grt_…` says whose a grant is.',
    )
  const enrolment = await enrolments.read(only.name, only.workload)
  if (enrolment === undefined)
    throw new Failure(exitCodes.refused, `The private key of ${only.workload} is gone from ${enrolments.place}`, {
      fix: `keyward workload enroll ${only.workload}`,
    })
  return enrolment
}
