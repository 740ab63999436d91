import { z } from 'zod'
import { type ErrorCode, errorDefinitions } from './errors.ts'

/** RFC 9457 problem details, as every error outside OAuth and the proxied protocols is answered (`application/problem+json`). */
export const Problem = z
  .object({
    type: z.string().meta({ description: 'Address of the page that explains the code' }),
    title: z.string(),
    status: z.number().int(),
    code: z.enum(Object.keys(errorDefinitions) as [ErrorCode, ...ErrorCode[]]),
    detail: z.string().optional(),
    fix: z.string(),
    correlation_id: z.string().optional(),
    errors: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
    second_opinion: z.string().optional().meta({ description: 'Id of the second opinion that was asked for' }),
    used_by: z.array(z.object({ kind: z.string(), id: z.string(), name: z.string() })).optional(),
  })
  .meta({ id: 'Problem' })

export type Problem = z.infer<typeof Problem>
