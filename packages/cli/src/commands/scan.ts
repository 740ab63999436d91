import { camelCase, scanOptionRows } from '@keyward/scanner/command/options-table'
import type { ScanHooks } from '@keyward/scanner/command/run-scan'
import { Command, Option } from 'commander'

/** `keyward scan`: needs no server, no account and no network. */
export function scanCommand(): Command {
  const command = new Command('scan')
    .description(
      'find AI credentials in files, git history, images, logs and on this machine; needs no server, sends nothing but what --verify and --report-to ask',
    )
    .argument('[path...]', 'files and folders (default: this one); - is stdin')
  for (const row of scanOptionRows) {
    const option = new Option(`--${row.name}${row.value === undefined ? '' : ` <${row.value}>`}`, row.text)
    command.addOption(
      row.type === 'list' ? option.argParser((value: string, before: string[] | undefined) => [...(before ?? []), value]) : option,
    )
  }
  return command
    .option('--report-to [server]', 'tell a server what was found, by digests and never a secret (default: where you are logged in)')
    .addHelpText('after', '\nExit code: 0 nothing found, 1 secrets found, 2 wrong use or not everything could be looked at.')
    .action(async (given: string[], options: Record<string, string | boolean | string[]>, self: Command) => {
      const flags = Object.fromEntries(Object.entries(options).map(([name, value]) => [camelCase(name), value]))
      const { runScan } = await import('@keyward/scanner/command/run-scan')
      if (options.reportTo === undefined) {
        process.exitCode = await runScan(given, flags)
        return
      }
      // `--report-to .` is the folder, not the server.
      const isServer = typeof options.reportTo === 'string' && /^https?:\/\//.test(options.reportTo)
      const paths = isServer || options.reportTo === true ? given : [String(options.reportTo), ...given]
      const server = isServer ? String(options.reportTo) : self.optsWithGlobals<{ server?: string }>().server
      const reporting = await reportingTo(server, paths)
      process.exitCode = await runScan(paths, flags, process, reporting.hooks)
      reporting.finish()
    })
}

/** Fails before the scan where nobody is logged in; where the server fails after it, the report is told all the same, and then why. */
async function reportingTo(server: string | undefined, paths: readonly string[]): Promise<{ hooks: ScanHooks; finish(): void }> {
  const { connect } = await import('../connection/connect.ts')
  const { note } = await import('../output/print.ts')
  const api = connect(server === undefined ? {} : { server })
  const secrets = new Map<string, string>()
  let failure: unknown
  let said = ''
  return {
    hooks: {
      onSecret: (detection, secret) => secrets.set(detection.fingerprint, secret),
      onReport: async (report) => {
        try {
          const { reportTo } = await import('../discovery/report.ts')
          const { originOf } = await import('../discovery/origin.ts')
          const told = await reportTo(api, report, originOf(paths[0] ?? '.'), (one) => secrets.get(one.fingerprint))
          said = `Reported to ${api.origin}: ${told.sent} by digest, ${told.known} of them in the inventory.`
          if (told.keptBack > 0) said += ` ${told.keptBack} kept back: passwords could be guessed from a digest.`
          return told.report
        } catch (error) {
          failure = error
          return report
        }
      },
    },
    finish() {
      if (failure !== undefined) throw failure
      if (said !== '') note(said)
    },
  }
}
