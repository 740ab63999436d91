/** Reading JSON that came from outside: each returns what it asks for, or nothing. */
export type JsonRecord = Record<string, unknown>

export function isRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function recordIn(value: unknown, name: string): JsonRecord | undefined {
  const found = isRecord(value) ? value[name] : undefined
  return isRecord(found) ? found : undefined
}

export function textIn(value: unknown, name: string): string | undefined {
  const found = isRecord(value) ? value[name] : undefined
  return typeof found === 'string' ? found : undefined
}

export function numberIn(value: unknown, name: string): number | undefined {
  const found = isRecord(value) ? value[name] : undefined
  return typeof found === 'number' && Number.isFinite(found) ? found : undefined
}

export function listIn(value: unknown, name: string): unknown[] | undefined {
  const found = isRecord(value) ? value[name] : undefined
  return Array.isArray(found) ? found : undefined
}

/** The parsed record, or undefined where the bytes are no JSON object. */
export function parseRecord(body: Buffer): JsonRecord | undefined {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'))
    return isRecord(value) ? value : undefined
  } catch {
    return undefined
  }
}
