/** Base64 or base64url as text in latin1, so that every byte is one character; never throws, ignores what is no digit. */
export function base64Text(encoded: string): string {
  return Buffer.from(encoded, 'base64').toString('latin1')
}

/** The JSON object that base64 or base64url text holds, or undefined. */
export function base64Json(encoded: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(encoded, 'base64').toString('utf8'))
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

/** Printable ASCII only. */
export function isPrintable(text: string): boolean {
  return /^[\x20-\x7e]+$/.test(text)
}
