import { isIP } from 'node:net'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'

/**
 * Every option of the server: its name in the environment, its default, what it is for. docs/config.md is made from this table.
 */
export interface OptionDefinition {
  readonly name: string
  readonly default: string
  readonly text: string
}

export const optionDefinitions = [
  {
    name: 'KEYWARD_DATA',
    default: '.keyward in the working folder',
    text: 'The data folder: the embedded database and small state files. Mode 0700. It never holds the key-encryption key.',
  },
  { name: 'KEYWARD_HOST', default: '127.0.0.1', text: 'The address to listen on. Beyond loopback it needs TLS or trusted proxies.' },
  { name: 'KEYWARD_PORT', default: '7411', text: 'The port to listen on. 0 takes a free one.' },
  {
    name: 'KEYWARD_ISSUER',
    default: 'http://localhost:PORT (https with TLS)',
    text: 'The public origin of this installation: issuer of tokens, audience of proofs, origin of the console. An origin without a path.',
  },
  { name: 'KEYWARD_TLS_CERT', default: '', text: 'File with the certificate chain (PEM). Together with KEYWARD_TLS_KEY it turns TLS on.' },
  { name: 'KEYWARD_TLS_KEY', default: '', text: 'File with the private key (PEM), readable by nobody else.' },
  {
    name: 'KEYWARD_TRUSTED_PROXIES',
    default: '',
    text: 'Addresses or networks (CIDR), separated by commas, whose X-Forwarded-For, -Proto and -Host are believed.',
  },
  {
    name: 'KEYWARD_CLIENT_CERTIFICATES',
    default: 'tls',
    text: 'Where client certificates come from (RFC 8705). `tls`: a TLS connection is asked for one and may have none (a browser that has some may ask which). `proxy`: besides, the Client-Cert and Client-Cert-Chain headers (RFC 9440) of KEYWARD_TRUSTED_PROXIES are believed; choose it only where each of those proxies sets or removes them, for a certificate is no secret. `off`: nowhere.',
  },
  {
    name: 'KEYWARD_TOKEN_ALGORITHM',
    default: 'ES256',
    text: 'What access tokens are signed with: ES256, or RS256 for verifiers that know nothing else (RFC 9068 asks everybody to know it). The keys of both are published.',
  },
  {
    name: 'KEYWARD_KEK',
    default: 'file: one file per installation in the configuration folder of the user',
    text: 'Where the key-encryption key is: file:PATH or env:NAME (32 bytes as base64 or hex).',
  },
  { name: 'DATABASE_URL', default: 'the embedded PostgreSQL', text: 'A PostgreSQL (17 or newer) to use in place of the embedded one.' },
  {
    name: 'KEYWARD_PG_USER',
    default: 'postgres where there is such an account, else nobody',
    text: 'Where Keyward runs as root: the account that runs the built-in PostgreSQL, which refuses root.',
  },
  { name: 'KEYWARD_ORGANISATION', default: 'My organisation', text: 'Name of the organisation, used at the first start.' },
  {
    name: 'KEYWARD_LOG',
    default: 'info, or warn where standard error is a terminal',
    text: 'Log level: trace, debug, info, warn, error, silent. The log goes to standard error.',
  },
  { name: 'KEYWARD_CONSOLE', default: 'the built console of this clone', text: 'Folder with the built console; `off` serves none.' },
] as const satisfies readonly OptionDefinition[]

export type OptionName = (typeof optionDefinitions)[number]['name']

export interface Config {
  readonly dataFolder: string
  readonly host: string
  readonly port: number
  /** Undefined: derived from the port once it is known. */
  readonly issuer: string | undefined
  readonly tls: { readonly certFile: string; readonly keyFile: string } | undefined
  readonly trustedProxies: readonly string[]
  readonly clientCertificates: 'off' | 'tls' | 'proxy'
  readonly tokenAlgorithm: 'ES256' | 'RS256'
  readonly kek: string | undefined
  readonly databaseUrl: string | undefined
  readonly postgresAccount: string | undefined
  readonly organisation: string
  readonly logLevel: string
  readonly consoleFolder: string | undefined
}

/** A wrong option: the message names it and says what it takes. */
export class ConfigError extends Error {
  readonly option: OptionName

  constructor(option: OptionName, message: string) {
    super(`${option}: ${message}`)
    this.name = 'ConfigError'
    this.option = option
  }
}

/** Reads and checks the options; throws ConfigError. `consoleDefault` is where the built console of this clone would be. */
export function readConfig(env: Readonly<Record<string, string | undefined>>, consoleDefault: string): Config {
  const value = (name: OptionName) => {
    const text = env[name]?.trim()
    return text === '' ? undefined : text
  }
  const host = value('KEYWARD_HOST') ?? '127.0.0.1'
  const portText = value('KEYWARD_PORT') ?? '7411'
  const port = Number(portText)
  if (!/^\d{1,5}$/.test(portText) || port > 65_535)
    throw new ConfigError('KEYWARD_PORT', `"${portText}" is not a port: use a number from 0 to 65535`)
  const certFile = value('KEYWARD_TLS_CERT')
  const keyFile = value('KEYWARD_TLS_KEY')
  if ((certFile === undefined) !== (keyFile === undefined)) {
    throw new ConfigError(
      certFile === undefined ? 'KEYWARD_TLS_CERT' : 'KEYWARD_TLS_KEY',
      'TLS needs both KEYWARD_TLS_CERT and KEYWARD_TLS_KEY',
    )
  }
  const tls = certFile !== undefined && keyFile !== undefined ? { certFile: resolve(certFile), keyFile: resolve(keyFile) } : undefined
  const trustedProxies = (value('KEYWARD_TRUSTED_PROXIES') ?? '').split(',').flatMap((one) => (one.trim() === '' ? [] : [one.trim()]))
  for (const proxy of trustedProxies) {
    const [address = '', bits] = proxy.split('/')
    const family = isIP(address)
    if (family === 0 || (bits !== undefined && !(/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128)))) {
      throw new ConfigError('KEYWARD_TRUSTED_PROXIES', `"${proxy}" is neither an address nor a network such as 10.0.0.0/8`)
    }
  }
  if (!isLoopback(host) && tls === undefined && trustedProxies.length === 0) {
    throw new ConfigError(
      'KEYWARD_HOST',
      `${host} is reachable from other machines, so it needs TLS (KEYWARD_TLS_CERT and KEYWARD_TLS_KEY) or a proxy that does TLS (KEYWARD_TRUSTED_PROXIES)`,
    )
  }
  const certificatesText = value('KEYWARD_CLIENT_CERTIFICATES') ?? 'tls'
  const clientCertificates = (['off', 'tls', 'proxy'] as const).find((one) => one === certificatesText)
  if (clientCertificates === undefined)
    throw new ConfigError('KEYWARD_CLIENT_CERTIFICATES', `"${certificatesText}" is not one of off, tls, proxy`)
  if (clientCertificates === 'proxy' && trustedProxies.length === 0)
    throw new ConfigError('KEYWARD_CLIENT_CERTIFICATES', 'proxy needs to know whose word counts: set KEYWARD_TRUSTED_PROXIES')
  const algorithmText = value('KEYWARD_TOKEN_ALGORITHM') ?? 'ES256'
  const tokenAlgorithm = (['ES256', 'RS256'] as const).find((one) => one === algorithmText)
  if (tokenAlgorithm === undefined) throw new ConfigError('KEYWARD_TOKEN_ALGORITHM', `"${algorithmText}" is not one of ES256, RS256`)
  const issuer = value('KEYWARD_ISSUER')
  if (issuer !== undefined) checkIssuer(issuer)
  const databaseUrl = value('DATABASE_URL')
  if (databaseUrl !== undefined && !/^postgres(?:ql)?:\/\//.test(databaseUrl))
    throw new ConfigError('DATABASE_URL', 'must start with postgres:// or postgresql://')
  const logLevel = value('KEYWARD_LOG') ?? (process.stderr.isTTY ? 'warn' : 'info')
  if (!['trace', 'debug', 'info', 'warn', 'error', 'silent'].includes(logLevel))
    throw new ConfigError('KEYWARD_LOG', `"${logLevel}" is not a level: use trace, debug, info, warn, error or silent`)
  const consoleFolder = value('KEYWARD_CONSOLE') ?? consoleDefault
  return {
    dataFolder: resolve(value('KEYWARD_DATA') ?? '.keyward'),
    host,
    port,
    issuer,
    tls,
    trustedProxies,
    clientCertificates,
    tokenAlgorithm,
    kek: value('KEYWARD_KEK'),
    databaseUrl,
    postgresAccount: value('KEYWARD_PG_USER'),
    organisation: value('KEYWARD_ORGANISATION') ?? 'My organisation',
    logLevel,
    consoleFolder: consoleFolder === 'off' ? undefined : consoleFolder,
  }
}

/** The folder of the user's own configuration, where key-encryption keys live by default. */
export function configurationFolder(env: Readonly<Record<string, string | undefined>>): string {
  return join(env.XDG_CONFIG_HOME && env.XDG_CONFIG_HOME !== '' ? env.XDG_CONFIG_HOME : join(homedir(), '.config'), 'keyward')
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.(?:\d{1,3}\.){2}\d{1,3}$/.test(host)
}

function checkIssuer(issuer: string): void {
  const url = URL.parse(issuer)
  if (url === null || url.origin !== issuer)
    throw new ConfigError(
      'KEYWARD_ISSUER',
      `"${issuer}" is not an origin such as https://keyward.example.com (no path, no slash at the end)`,
    )
  if (url.protocol !== 'https:' && !isLoopback(url.hostname.replace(/^\[|\]$/g, ''))) {
    throw new ConfigError('KEYWARD_ISSUER', 'must be https, because tokens are sent to it; plain http is for localhost alone')
  }
}
