import { wrongUsage } from '../failure.ts'

/** Where `npm start` and `keyward serve` listen by default. */
export const defaultServer = 'http://localhost:7411'

/**
 * The origin of the server to talk to: `--server`, else KEYWARD_SERVER, else the default. Tokens are sent there, so plain http is for this
 * machine alone.
 * @throws Failure (usage)
 */
export function serverOrigin(given: string | undefined, env: Readonly<Record<string, string | undefined>>): string {
  const from = given === undefined ? 'KEYWARD_SERVER' : '--server'
  const text = (given ?? env.KEYWARD_SERVER ?? '').trim() || defaultServer
  const url = URL.parse(text)
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    throw wrongUsage(`${from} is not an address`, 'Use an origin such as https://keyward.example.com')
  if (url.username !== '' || url.password !== '')
    throw wrongUsage(
      `${from} holds a user name or password`,
      'Leave it out of the address: `keyward login` takes the token from a prompt or standard input',
    )
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '')
    throw wrongUsage(`${from} has a path: "${url.pathname}"`, `Use the origin alone: ${url.origin}`)
  if (url.protocol === 'http:' && !isLoopback(url.hostname))
    throw wrongUsage(`${from} is plain http to another machine, and your token would travel readable`, `Use https://${url.host}`)
  return url.origin
}

/** True for a host name or address that is this machine. */
export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || hostname === '::1' || /^127\.(?:\d{1,3}\.){2}\d{1,3}$/.test(hostname)
}

/** One name for each server: this machine is always `localhost`, whichever of its names was used. */
export function canonicalOrigin(origin: string): string {
  const url = new URL(origin)
  if (isLoopback(url.hostname)) url.hostname = 'localhost'
  return url.origin
}
