import { BlockList, isIP } from 'node:net'
import { isLoopback } from '../config.ts'

/** Under which names and origins this server is reached, and whom it believes about where a request came from. */
export class OwnAddress {
  /** Without a slash at its end: issuer of tokens, origin of the console. */
  readonly origin: string
  readonly scheme: 'http' | 'https'
  readonly #hosts: ReadonlySet<string>
  readonly #origins: ReadonlySet<string>
  readonly #proxies = new BlockList()

  constructor(options: { issuer: string; listeningPort: number; host: string; tls: boolean; trustedProxies: readonly string[] }) {
    const { issuer, listeningPort } = options
    this.origin = issuer
    this.scheme = options.tls ? 'https' : 'http'
    const local = ['localhost', '127.0.0.1', '[::1]'].map((name) => `${name}:${listeningPort}`)
    const bound =
      isLoopback(options.host) || options.host === '0.0.0.0' || options.host === '::'
        ? []
        : [`${isIP(options.host) === 6 ? `[${options.host}]` : options.host}:${listeningPort}`]
    this.#hosts = new Set([new URL(issuer).host, ...local, ...bound])
    this.#origins = new Set([issuer, ...[...local, ...bound].map((host) => `${this.scheme}://${host}`)])
    for (const proxy of options.trustedProxies) {
      const [address = '', bits] = proxy.split('/')
      const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
      if (bits === undefined) this.#proxies.addAddress(address, family)
      else this.#proxies.addSubnet(address, Number(bits), family)
    }
  }

  /** `Host` values that are ours, lower case. */
  hosts(): ReadonlySet<string> {
    return this.#hosts
  }

  origins(): readonly string[] {
    return [...this.#origins]
  }

  isOwnHost(host: string): boolean {
    return this.#hosts.has(host.toLowerCase())
  }

  isOwnOrigin(origin: string): boolean {
    return this.#origins.has(origin)
  }

  isTrustedProxy(address: string): boolean {
    const family = isIP(address)
    return family !== 0 && this.#proxies.check(address, family === 6 ? 'ipv6' : 'ipv4')
  }
}
