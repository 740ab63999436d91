import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'

/** RFC 9110, 7.6.1 and what older peers treat alike. */
const hopByHop = ['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade']

/**
 * Never sent on. Whatever can carry authority (ours, a proxy's, another provider's), names another account of the key's owner, tells who
 * called from where, or makes the next server see another method or path than the one that was authorised.
 */
const requestDenied = new Set([
  ...hopByHop,
  ...['authorization', 'proxy-authorization', 'proxy-authenticate', 'cookie', 'cookie2', 'dpop', 'client-cert', 'client-cert-chain'],
  ...['x-api-key', 'api-key', 'apikey', 'x-goog-api-key', 'x-auth-token', 'x-access-token', 'x-amz-security-token', 'x-amz-date'],
  ...['ocp-apim-subscription-key', 'private-token', 'x-vault-token', 'x-csrf-token'],
  ...['openai-organization', 'openai-project', 'anthropic-organization-id', 'anthropic-workspace-id', 'x-goog-user-project'],
  ...['host', 'content-length', 'expect', 'accept-encoding', 'via', 'max-forwards', 'http2-settings', 'early-data', 'alt-used'],
  ...['forwarded', 'x-real-ip', 'x-client-ip', 'x-cluster-client-ip', 'true-client-ip', 'cf-connecting-ip', 'fastly-client-ip'],
  ...['x-http-method', 'x-http-method-override', 'x-method-override', 'x-original-url', 'x-rewrite-url', 'x-original-method'],
  ...['origin', 'referer', 'access-control-request-method', 'access-control-request-headers', 'service-worker', 'purpose'],
])
const requestDeniedPrefixes = ['sec-', 'x-forwarded-', 'proxy-', 'keyward-', 'x-client-cert', 'x-ssl-client-', 'ssl-client-']

/** Never passed back: hop-by-hop, what sets state or policy in a browser or a cache, where the upstream is, whose account it is. */
const responseDenied = new Set([
  ...hopByHop,
  ...['set-cookie', 'set-cookie2', 'www-authenticate', 'proxy-authenticate', 'proxy-authentication-info', 'authentication-info'],
  ...['location', 'content-location', 'refresh', 'alt-svc', 'clear-site-data', 'strict-transport-security', 'public-key-pins'],
  ...[
    'service-worker-allowed',
    'sourcemap',
    'x-sourcemap',
    'nel',
    'report-to',
    'reporting-endpoints',
    'link',
    'via',
    'server',
    'dpop-nonce',
  ],
  ...['content-security-policy', 'content-security-policy-report-only', 'x-content-type-options', 'cross-origin-resource-policy'],
  ...['cross-origin-opener-policy', 'cross-origin-embedder-policy', 'referrer-policy', 'x-frame-options', 'date', 'content-length'],
  ...['openai-organization', 'openai-project', 'anthropic-organization-id', 'accept-ch', 'critical-ch', 'set-login', 'x-accel-buffering'],
  ...['cache-control', 'expires', 'pragma', 'age', 'surrogate-control', 'surrogate-key', 'cdn-cache-control', 'x-accel-expires'],
  ...['timing-allow-origin', 'use-as-dictionary', 'speculation-rules', 'no-vary-search', 'expect-ct', 'origin-agent-cluster'],
  ...['permissions-policy', 'document-policy', 'x-permitted-cross-domain-policies', 'x-dns-prefetch-control', 'activate-storage-access'],
  ...['x-accel-redirect', 'x-sendfile', 'x-accel-charset', 'x-accel-limit-rate', 'supports-loading-mode', 'observe-browsing-topics'],
])
const responseDeniedPrefixes = ['access-control-', 'proxy-', 'keyward-', 'sec-', 'attribution-reporting-']

/**
 * The caller's headers as they go upstream: a flat list of names and values, order and repetition kept, without what must not pass.
 * `injected` (the resource's own credential header) is dropped too.
 */
export function upstreamHeaders(request: IncomingMessage, injected: string): string[] {
  const raw = request.rawHeaders
  const listed = connectionListed(request.headers.connection)
  const out: string[] = []
  let typed = false
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = (raw[i] ?? '').toLowerCase()
    const meant = meantBy(name)
    if (isKept(meant) || meant === injected || listed?.has(name)) continue
    if (meant === 'content-type') {
      // The body was judged by the first, as node:http reads it: a second one could make the upstream read something else in it.
      if (typed || name !== meant) continue
      typed = true
    }
    out.push(name, raw[i + 1] ?? '')
  }
  return out
}

/** True for a header of the caller that never goes upstream, whatever it says. */
export function staysHere(name: string): boolean {
  return isKept(meantBy(name.toLowerCase()))
}

/** CGI and WSGI (RFC 3875, 4.1.18) hand `x_api_key` to the application as `X-Api-Key`. */
function meantBy(name: string): string {
  return name.includes('_') ? name.replaceAll('_', '-') : name
}

function isKept(name: string): boolean {
  return requestDenied.has(name) || denied(name, requestDeniedPrefixes)
}

/** The upstream's headers as they go back: a flat list. `keepEncoding` is false where the body was decoded on the way. */
export function clientHeaders(headers: IncomingHttpHeaders, keepEncoding: boolean): string[] {
  const connection = headers.connection
  const listed = connectionListed(Array.isArray(connection) ? connection.join(',') : connection)
  const out: string[] = []
  for (const name in headers) {
    if (responseDenied.has(name) || denied(name, responseDeniedPrefixes) || listed?.has(name)) continue
    if (
      !keepEncoding &&
      (name === 'content-encoding' || name === 'content-md5' || name === 'digest' || name === 'repr-digest' || name === 'etag')
    )
      continue
    const value = headers[name]
    if (typeof value === 'string') out.push(name, value)
    else if (Array.isArray(value)) for (const one of value as string[]) out.push(name, one)
  }
  return out
}

function denied(name: string, prefixes: readonly string[]): boolean {
  for (const prefix of prefixes) if (name.startsWith(prefix)) return true
  return false
}

function connectionListed(connection: string | undefined): Set<string> | undefined {
  if (connection === undefined || connection === 'keep-alive' || connection === 'close') return undefined
  return new Set(connection.split(',').map((name) => name.trim().toLowerCase()))
}
