import { camelCase, scanOptionRows } from '@keyward/scanner/command/options-table'
import { Command, Option } from 'commander'

/** `keyward scan`: needs no server, no account and no network. */
export function scanCommand(): Command {
  const command = new Command('scan')
    .description(
      'find AI credentials in files, git history, images, logs and on this machine; needs no server, sends nothing but what --verify asks',
    )
    .argument('[path...]', 'files and folders (default: this one); - is stdin')
  for (const row of scanOptionRows) {
    const option = new Option(`--${row.name}${row.value === undefined ? '' : ` <${row.value}>`}`, row.text)
    command.addOption(
      row.type === 'list' ? option.argParser((value: string, before: string[] | undefined) => [...(before ?? []), value]) : option,
    )
  }
  return command
    .addHelpText('after', '\nExit code: 0 nothing found, 1 secrets found, 2 wrong use or not everything could be looked at.')
    .action(async (paths: string[], options: Record<string, string | boolean | string[]>) => {
      const flags = Object.fromEntries(Object.entries(options).map(([name, value]) => [camelCase(name), value]))
      const { runScan } = await import('@keyward/scanner/command/run-scan')
      process.exitCode = await runScan(paths, flags)
    })
}
