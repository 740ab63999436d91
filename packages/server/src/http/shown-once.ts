import type { z } from 'zod'

/** True where the schema marks a member as shown once (`.meta({ shownOnce: true })`) and the value holds that member. */
export function holdsShownOnce(schema: z.ZodType, value: unknown): boolean {
  if (value === undefined || value === null) return false
  if (schema.meta()?.shownOnce === true) return true
  const definition = schema.def as {
    type: string
    shape?: Record<string, z.ZodType>
    element?: z.ZodType
    innerType?: z.ZodType
    in?: z.ZodType
    options?: z.ZodType[]
  }
  if (definition.shape) {
    const members = value as Record<string, unknown>
    return Object.entries(definition.shape).some(([name, member]) => holdsShownOnce(member, members[name]))
  }
  if (definition.element) {
    const { element } = definition
    return Array.isArray(value) && value.some((item) => holdsShownOnce(element, item))
  }
  const inner = [definition.innerType, definition.in, ...(definition.options ?? [])].filter((one) => one !== undefined)
  return inner.some((one) => holdsShownOnce(one, value))
}
