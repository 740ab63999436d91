export interface Answer {
  readonly status: number
  /** Lower-case names; of repeated ones the last. */
  readonly headers: ReadonlyMap<string, string>
  readonly body: string
}

/** The last answer in what came over a socket (interim ones are passed by), its chunks put together. Undefined for what is no answer. */
export function parseAnswer(text: string): Answer | undefined {
  const end = text.indexOf('\r\n\r\n')
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1])
  if (end === -1 || Number.isNaN(status)) return undefined
  const rest = text.slice(end + 4)
  if (status < 200) return parseAnswer(rest)
  const headers = new Map<string, string>()
  for (const line of text.slice(0, end).split('\r\n').slice(1)) {
    const colon = line.indexOf(':')
    headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim())
  }
  const raw = headers.get('transfer-encoding') === 'chunked' ? unchunked(rest) : rest
  return { status, headers, body: Buffer.from(raw, 'latin1').toString('utf8') }
}

function unchunked(text: string): string {
  let body = ''
  let at = 0
  for (;;) {
    const line = text.indexOf('\r\n', at)
    const length = Number.parseInt(text.slice(at, line), 16)
    if (line === -1 || Number.isNaN(length) || length === 0) return body
    body += text.slice(line + 2, line + 2 + length)
    at = line + 2 + length + 2
  }
}
