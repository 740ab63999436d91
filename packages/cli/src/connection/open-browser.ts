import { spawn } from 'node:child_process'

type Environment = Readonly<Record<string, string | undefined>>

/**
 * The program that opens an address for the person at this machine; undefined where there is no screen. BROWSER comes first, as in xdg-open.
 */
export function browserCommand(env: Environment, platform: NodeJS.Platform = process.platform): readonly string[] | undefined {
  if (env.BROWSER !== undefined && env.BROWSER.trim() !== '') return [env.BROWSER.trim()]
  if (platform === 'darwin') return ['open']
  if (platform === 'win32') return ['rundll32', 'url.dll,FileProtocolHandler']
  return env.DISPLAY === undefined && env.WAYLAND_DISPLAY === undefined ? undefined : ['xdg-open']
}

/** Opens an address without a shell in between. Whether anything came of it nobody can tell: the address is printed, too. */
export function openBrowser(command: readonly string[], address: string): void {
  const [program = '', ...rest] = command
  const child = spawn(program, [...rest, address], { stdio: 'ignore', detached: true })
  child.on('error', () => undefined)
  child.unref()
}
