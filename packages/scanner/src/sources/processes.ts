import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { ContentScanner } from './content.ts'

const processesMax = 10_000

/**
 * Scans environments and command lines of this user's processes, where the system shows them (`/proc`), and this process's own elsewhere.
 * Secrets in a command line are visible to every user of the machine.
 */
export function scanProcesses(scanner: ContentScanner, root = '/proc'): void {
  if (!existsSync(join(root, 'self', 'environ'))) {
    const lines = Object.entries(process.env).map(([name, value]) => `${name}=${value}`)
    scanner.text(Buffer.from(lines.join('\n')), { source: 'environment', path: 'environment', what: 'environment' })
    return
  }
  const own = process.getuid?.()
  for (const id of readdirSync(root)
    .filter((name) => /^\d+$/.test(name))
    .slice(0, processesMax)) {
    const folder = join(root, id)
    try {
      if (statSync(folder).uid !== own) continue
      const name = readFileSync(join(folder, 'comm'), 'latin1').trim().slice(0, 64)
      scanPart(scanner, folder, 'environ', `process ${id} (${name}) environment`)
      scanPart(scanner, folder, 'cmdline', `process ${id} (${name}) command line`)
      scanner.sink.counts.files++
    } catch {
      // the process has ended, or belongs to someone else by now
    }
  }
}

function scanPart(scanner: ContentScanner, folder: string, part: string, path: string): void {
  const bytes = readFileSync(join(folder, part))
  for (let at = 0; at < bytes.length; at++) if (bytes[at] === 0) bytes[at] = 10
  scanner.sink.counts.bytes += bytes.length
  scanner.text(bytes, { source: 'process', path, what: part === 'environ' ? 'environment' : 'command line' })
}
