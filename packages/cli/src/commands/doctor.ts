import type { Command } from 'commander'
import { type CommonOptions, serverCommand } from '../common-options.ts'
import { serverOrigin } from '../connection/address.ts'
import { Api } from '../connection/api.ts'
import { exitCodes, Failure } from '../failure.ts'
import type { Check } from '../installation/check.ts'
import { print, printJson } from '../output/print.ts'
import { safeLine } from '../output/safe.ts'
import { colorsFor } from '../output/terminal.ts'

/** Exit code: 0 nothing fails, 1 something does, 3 the server is away. Warnings and what is not known do not fail. */
export function doctorCommand(): Command {
  return serverCommand('doctor', 'What is wrong with this installation, and the fix').action(async (_: unknown, self: Command) => {
    const options = self.optsWithGlobals<CommonOptions>()
    const origin = serverOrigin(options.server, process.env)
    const [{ checkServer, checkSignedIn }, { checkLocal }, { checkDatabase }] = await Promise.all([
      import('../installation/server-checks.ts'),
      import('../installation/local-checks.ts'),
      import('../installation/database-checks.ts'),
    ])
    const checks = await checkLocal(process.env)
    let isAway = false
    try {
      checks.unshift(...(await checkServer(new Api(origin, undefined))))
      checks.push(...(await checkSignedIn(options)))
    } catch (error) {
      if (!(error instanceof Failure) || error.exitCode !== exitCodes.away) throw error
      isAway = true
      checks.unshift({ name: 'server', result: 'fail', text: error.message, fix: error.fix ?? 'Start it.' })
    }
    checks.push(...(await checkDatabase(process.env)))
    const failed = checks.filter((check) => check.result === 'fail').length
    if (options.json) printJson({ server: origin, checks, failed })
    else {
      for (const check of checks) printCheck(check)
      print(failed === 0 ? 'Nothing fails.' : `${failed} of ${checks.length} checks fail.`)
    }
    process.exitCode = isAway ? exitCodes.away : failed > 0 ? exitCodes.refused : exitCodes.done
  })
}

function printCheck(check: Check): void {
  const { green, red, yellow, dim } = colorsFor(process.stdout)
  const mark = { pass: green('ok  '), warn: yellow('warn'), fail: red('FAIL'), 'not known': dim('?   ') }[check.result]
  print(`${mark}  ${check.name}: ${safeLine(check.text)}`)
  if (check.fix !== undefined && check.result !== 'pass') print(`      Fix: ${safeLine(check.fix)}`)
}
