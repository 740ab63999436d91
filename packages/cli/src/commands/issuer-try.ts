import type { TrustAssessment, TrustTryResult } from '@keyward/contract/issuers'
import type { Command } from 'commander'
import { type CommonOptions, serverCommand } from '../common-options.ts'
import { connect } from '../connection/connect.ts'
import { exitCodes, wrongUsage } from '../failure.ts'
import { addClaimOptions, type ClaimOptions, claimsFrom } from '../input/claims.ts'
import { parseJson, readTextFrom } from '../input/files.ts'
import { print, printJson } from '../output/print.ts'
import { safeLine } from '../output/safe.ts'
import { routeOf } from '../resource/routes.ts'

interface TryOptions extends CommonOptions {
  readonly tokenFile?: string
  readonly issuer?: string
  readonly claimsFile?: string
}

/** Exit code 0 where the token would get a workload's token, 1 where not. The token is never an argument, and never printed. */
export function tryCommand(): Command {
  return serverCommand('try', 'Which trust rule a token fits, and why not the others; mints nothing, keeps nothing')
    .option('--token-file <file>', 'a token as it would be shown (- for standard input)')
    .option('--claims-file <file>', 'or its claims alone, as a JSON object (- for standard input); needs --issuer')
    .option('--issuer <id>', 'with --claims-file: whose token it is (iss_…)')
    .action(async (_: unknown, self: Command) => {
      const options = self.optsWithGlobals<TryOptions>()
      const { tokenFile, claimsFile, issuer } = options
      if ((tokenFile === undefined) === (claimsFile === undefined)) throw wrongUsage('Give one of --token-file and --claims-file')
      if (claimsFile !== undefined && issuer === undefined)
        throw wrongUsage('--claims-file needs --issuer iss_…', 'keyward issuer list shows them.')
      const body =
        tokenFile !== undefined
          ? { token: (await readTextFrom(tokenFile, '--token-file')).trim() }
          : { issuer, claims: parseJson(await readTextFrom(claimsFile ?? '', '--claims-file'), '--claims-file', claimsFile ?? '') }
      const { answer } = await connect(options).call(await routeOf('issuers', 'try'), { body })
      const result = answer as TrustTryResult
      if (options.json) printJson(result)
      else for (const line of tryLines(result)) print(safeLine(line))
      if (result.would_mint === null) process.exitCode = exitCodes.refused
    })
}

const signatures = { valid: 'its signature is valid', invalid: 'its signature is NOT valid', not_checked: 'its signature was not checked' }

function tryLines({ issuer, signature, problems, rules, rules_left_out, would_mint }: TrustTryResult): string[] {
  const lines = [issuer === null ? 'No trusted issuer has made this.' : `Issuer ${issuer}; ${signatures[signature]}.`]
  for (const problem of problems) lines.push(`Refused: ${problem}`)
  for (const { workload, identity, name, method, matches, reasons } of rules) {
    lines.push(
      `${matches ? 'fits ' : 'no   '} ${identity}${name === null ? '' : ` "${name}"`} (${method}) of ${workload.name} ${workload.id}`,
    )
    for (const reason of reasons) lines.push(`       ${reason}`)
  }
  if (rules_left_out > 0) lines.push(`${rules_left_out} more rules fit less.`)
  if (issuer !== null && rules.length === 0)
    lines.push('No trust rule relies on it. Next: keyward workload add-identity wl_… --method oidc --issuer …')
  lines.push(would_mint === null ? 'It would get no token.' : `It would get a token of ${would_mint}.`)
  return lines
}

type AssessOptions = CommonOptions & ClaimOptions

/** Exit code 1 where the rule would be refused. */
export function assessCommand(): Command {
  return addClaimOptions(serverCommand('assess', 'What a trust rule with these conditions would match too much of, before it is made'))
    .argument('<id>', 'the issuer (iss_…)')
    .action(async (id: string, _: unknown, self: Command) => {
      const options = self.optsWithGlobals<AssessOptions>()
      const { answer } = await connect(options).call(await routeOf('issuers', 'assess'), {
        params: { id },
        body: { claims: claimsFrom(options) },
      })
      const { refused, warnings } = answer as TrustAssessment
      if (options.json) printJson(answer)
      else {
        for (const one of refused) print(`Refused: ${safeLine(one)}`)
        for (const one of warnings) print(`Warning: ${safeLine(one)}`)
        if (refused.length + warnings.length === 0) print('It matches what it names, and nothing else that is known to be wider.')
      }
      if (refused.length > 0) process.exitCode = exitCodes.refused
    })
}
