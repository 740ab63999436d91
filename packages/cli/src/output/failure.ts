import { exitCodes, Failure } from '../failure.ts'
import { safeLine } from './safe.ts'
import { colorsFor } from './terminal.ts'

/** Says on standard error what went wrong and what to do: as text, or with `--json` as one line of JSON. @returns the exit code */
export function tell(error: unknown, json: boolean): number {
  const failure = error instanceof Failure ? error : unexpected(error)
  const { problem } = failure
  if (json) {
    const body = problem ?? { title: failure.message, ...(failure.fix === undefined ? {} : { fix: failure.fix }) }
    process.stderr.write(`${JSON.stringify({ error: body })}\n`)
    return failure.exitCode
  }
  const { red } = colorsFor(process.stderr)
  const lines = [`${red('keyward:')} ${safeLine(problem?.title ?? failure.message)}`]
  if (problem) {
    if (problem.detail !== undefined) lines.push(`  ${safeLine(problem.detail)}`)
    // A problem of one field often says it in its detail already.
    for (const one of problem.errors ?? [])
      if (!problem.detail?.includes(one.message)) lines.push(`  ${safeLine(one.field)}: ${safeLine(one.message)}`)
    for (const one of problem.used_by ?? []) lines.push(`  used by ${safeLine(`${one.kind} ${one.id} (${one.name})`)}`)
  }
  const fix = failure.fix ?? problem?.fix
  if (fix !== undefined) lines.push(`  Fix: ${safeLine(fix)}`)
  if (problem?.correlation_id !== undefined) lines.push(`  Code ${problem.code}, correlation id ${safeLine(problem.correlation_id)}`)
  process.stderr.write(`${lines.join('\n')}\n`)
  return failure.exitCode
}

function unexpected(error: unknown): Failure {
  const text = error instanceof Error ? error.message : String(error)
  return new Failure(exitCodes.refused, text, {
    ...(process.env.KEYWARD_LOG === 'debug' && error instanceof Error && error.stack !== undefined ? { fix: error.stack } : {}),
    cause: error,
  })
}
