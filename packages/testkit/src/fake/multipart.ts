export interface Part {
  name: string
  filename: string | null
  contentType: string | null
  body: Buffer
}

/** The parts of a multipart/form-data body (RFC 7578), or null where the body is none. */
export function readMultipart(body: Buffer, contentType: string | undefined): Part[] | null {
  const boundary = /boundary="?([^";]+)"?/i.exec(contentType ?? '')?.[1]
  if (boundary === undefined || !/^multipart\/form-data/i.test(contentType ?? '')) return null
  const delimiter = Buffer.from(`--${boundary}`)
  const parts: Part[] = []
  let at = body.indexOf(delimiter)
  while (at >= 0) {
    const start = at + delimiter.length
    if (body.subarray(start, start + 2).toString('latin1') === '--') return parts
    const next = body.indexOf(delimiter, start)
    if (next < 0) return null
    const headEnd = body.indexOf('\r\n\r\n', start)
    if (headEnd < 0 || headEnd > next) return null
    const head = body.subarray(start, headEnd).toString('utf8')
    parts.push({
      name: /;\s*name="([^"]*)"/i.exec(head)?.[1] ?? '',
      filename: /;\s*filename="([^"]*)"/i.exec(head)?.[1] ?? null,
      contentType: /content-type:\s*([^\r\n]+)/i.exec(head)?.[1] ?? null,
      body: body.subarray(headEnd + 4, next - 2),
    })
    at = next
  }
  return null
}

export function fieldIn(parts: readonly Part[], name: string): string | undefined {
  return parts.find((part) => part.name === name && part.filename === null)?.body.toString('utf8')
}
