import { isRecord, recordIn, textIn } from './json.ts'

/** Values that fit a JSON schema's required properties. */
export function argumentsFor(schema: unknown): Record<string, unknown> {
  const properties = recordIn(schema, 'properties') ?? {}
  const required = isRecord(schema) && Array.isArray(schema.required) ? schema.required : Object.keys(properties)
  const values: Record<string, unknown> = {}
  for (const [name, property] of Object.entries(properties)) {
    if (!required.includes(name)) continue
    const allowed = isRecord(property) && Array.isArray(property.enum) ? property.enum[0] : undefined
    const type = textIn(property, 'type')
    values[name] =
      allowed ??
      (type === 'number' || type === 'integer'
        ? 1
        : type === 'boolean'
          ? true
          : type === 'array'
            ? []
            : type === 'object'
              ? argumentsFor(property)
              : 'example')
  }
  return values
}
