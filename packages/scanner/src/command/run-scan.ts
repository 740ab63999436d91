import { readFileSync, writeFileSync } from 'node:fs'
import type { Report } from '../detection/detection.ts'
import { paintFor } from '../report/style.ts'
import type { ScanOptions } from '../run/options.ts'
import { ScanRun } from '../run/scan-run.ts'
import { type Format, flag, formatOf, list, text, threadsOf } from './flags.ts'
import { type ScanFlags, UsageError } from './options-table.ts'
import { targetsOf } from './targets.ts'
import type { ExitCode, Terminal } from './terminal.ts'

/** What else is done with a complete report before it is told, such as asking an inventory. */
export interface ScanHooks extends Pick<ScanOptions, 'onSecret'> {
  readonly onReport?: (report: Report) => Promise<Report>
}

/** Runs `keyward scan`. Says what is wrong on stderr instead of throwing. */
export async function runScan(
  paths: readonly string[],
  flags: ScanFlags,
  terminal: Terminal = process,
  hooks: ScanHooks = {},
): Promise<ExitCode> {
  try {
    return await run(paths, flags, terminal, hooks)
  } catch (error) {
    if (!isExpected(error)) throw error
    terminal.stderr.write(`keyward scan: ${(error as Error).message}\n`)
    return 2
  }
}

const expected = new Set([
  'UsageError',
  'DetectorFileError',
  'PatternError',
  'AllowFileError',
  'BaselineError',
  'GitError',
  'ImageError',
  'HookError',
  'TomlError',
  'YAMLParseError',
])

function isExpected(error: unknown): boolean {
  return (
    error instanceof Error &&
    (expected.has(error.name) || ['ENOENT', 'EACCES', 'EEXIST', 'EISDIR', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? ''))
  )
}

async function run(paths: readonly string[], flags: ScanFlags, terminal: Terminal, hooks: ScanHooks): Promise<ExitCode> {
  const hook = text(flags, 'installHook')
  if (hook !== undefined) {
    const { installHook } = await import('../hooks/install.ts')
    terminal.stdout.write(installHook(hook, paths[0] ?? '.'))
    return 0
  }
  if (text(flags, 'redact') !== undefined) return (await import('./redact-command.ts')).runRedact(paths, flags, terminal)
  const format = formatOf(flags)
  const targets = await targetsOf(paths, flags, terminal.stdin)
  const bar = await progressBar(flags, terminal)
  const scan = new ScanRun({
    ...(await optionsOf(flags)),
    targets,
    ...live(flags, format, terminal),
    ...(hooks.onSecret ? { onSecret: hooks.onSecret } : {}),
    ...(bar ? { onProgress: (progress) => bar.update(progress) } : {}),
  })
  let report: Report
  try {
    report = await scan.report()
  } finally {
    bar?.clear()
    await scan.close()
  }
  if (hooks.onReport) report = await hooks.onReport(report)
  const baseline = text(flags, 'writeBaseline')
  if (baseline !== undefined) {
    const { writeBaseline } = await import('../allow/baseline.ts')
    writeBaseline(baseline, report.detections)
    terminal.stderr.write(
      `${report.detections.length} known secrets written to ${baseline}; scan with --baseline ${baseline} from now on.\n`,
    )
    return report.partial ? 2 : 0
  }
  if (!flag(flags, 'follow')) await write(report, format, flags, terminal)
  return exitCode(report)
}

export function exitCode(report: Report): ExitCode {
  if (report.detections.some((one) => !one.allowed && one.verdict === 'secret')) return 1
  return report.partial ? 2 : 0
}

/** The options of a scan that do not depend on its targets. */
export async function optionsOf(flags: ScanFlags): Promise<Omit<ScanOptions, 'targets'>> {
  const keyFile = text(flags, 'keyFile')
  const threads = threadsOf(flags)
  const baseline = text(flags, 'baseline')
  const allowFile = text(flags, 'allowFile')
  const verify = flag(flags, 'verify') ? (await import('../verify/verify.ts')).verifier(await verifyCalls(flags)) : undefined
  return {
    detectors: list(flags, 'detectors'),
    gitleaks: list(flags, 'gitleaks'),
    only: list(flags, 'only'),
    everything: flag(flags, 'everything'),
    respectGitignore: flag(flags, 'respectGitignore'),
    all: flag(flags, 'all'),
    ...(keyFile === undefined ? {} : { key: readKey(keyFile) }),
    ...(threads === undefined ? {} : { threads }),
    ...(baseline === undefined ? {} : { baseline }),
    ...(allowFile === undefined ? {} : { allowFile }),
    ...(verify === undefined ? {} : { verify }),
  }
}

async function verifyCalls(flags: ScanFlags) {
  const { loadDetectors } = await import('../load/detectors.ts')
  const set = await loadDetectors({ detectors: list(flags, 'detectors'), gitleaks: list(flags, 'gitleaks') })
  return new Map(set.detectors.flatMap((one) => (one.verify ? [[one.id, one.verify] as const] : [])))
}

/** Keys shorter than this could be guessed. */
const keyBytesMin = 16

function readKey(path: string): Uint8Array {
  const raw = readFileSync(path)
  const line = raw.toString('latin1').trim()
  const key = /^(?:[0-9a-f]{2})+$/i.test(line) ? Buffer.from(line, 'hex') : raw
  if (key.length < keyBytesMin)
    throw new UsageError(`${path} holds ${key.length} bytes; a key has at least ${keyBytesMin}: openssl rand -hex 32`)
  return key
}

function live(flags: ScanFlags, format: Format, terminal: Terminal): Pick<ScanOptions, 'onDetection'> {
  if (!flag(flags, 'follow')) return {}
  if (format !== 'json' && format !== 'text') throw new UsageError('--follow tells secrets as they come: as text or json')
  const paint = paintFor(terminal.stdout)
  return {
    onDetection: (one) => {
      const first = one.sightings[0]
      const line = `${paint('red', one.severity)} ${one.name} ${one.masked} ${first?.path ?? ''}:${first?.line ?? 0}\n`
      terminal.stdout.write(format === 'json' ? `${JSON.stringify(one)}\n` : line)
    },
  }
}

async function progressBar(flags: ScanFlags, terminal: Terminal) {
  if (!terminal.stderr.isTTY || flags.progress === false || flag(flags, 'noProgress')) return undefined
  const { ProgressBar } = await import('../report/progress.ts')
  return new ProgressBar(terminal.stderr)
}

async function write(report: Report, format: Format, flags: ScanFlags, terminal: Terminal): Promise<void> {
  const output = text(flags, 'output')
  const rendered = await render(report, format, output === undefined ? terminal.stdout : {})
  if (output !== undefined) writeFileSync(output, rendered)
  else await new Promise<void>((resolve, reject) => terminal.stdout.write(rendered, (error) => (error ? reject(error) : resolve())))
}

/** The report in a format. */
export async function render(report: Report, format: Format, stream: { readonly isTTY?: boolean }): Promise<string> {
  switch (format) {
    case 'text':
      return (await import('../report/text.ts')).textReport(report, paintFor(stream))
    case 'json':
      return (await import('../report/json.ts')).jsonReport(report)
    case 'sarif':
      return (await import('../report/sarif.ts')).sarifReport(report, '0.1.0')
    case 'csv':
      return (await import('../report/csv.ts')).csvReport(report)
    case 'junit':
      return (await import('../report/junit.ts')).junitReport(report)
    case 'github':
      return (await import('../report/github.ts')).githubReport(report)
  }
}
