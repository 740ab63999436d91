import type { ErrorCode, FieldError } from '@keyward/contract/errors'
import { Problem } from '@keyward/contract/problem'

/** What Keyward answered instead of what was asked for (RFC 9457). Switch on `code`; texts may change. */
export class KeywardApiError extends Error {
  readonly status: number
  /** `unexpected-answer` where what answered does not speak like Keyward: a proxy, another program. */
  readonly code: ErrorCode | 'unexpected-answer'
  readonly fix: string
  readonly errors: readonly FieldError[]
  readonly usedBy: NonNullable<Problem['used_by']>
  /** Under this id the server's log has the cause. */
  readonly correlationId: string | undefined
  readonly retryAfterSeconds: number | undefined
  /** The whole problem document, for whoever shows it to people. */
  readonly problem: Problem | undefined

  constructor(status: number, problem: Problem | undefined, retryAfterSeconds?: number) {
    super(problem ? textOf(problem) : `The server answered ${status} with something that is not Keyward's`)
    this.name = 'KeywardApiError'
    this.status = status
    this.code = problem?.code ?? 'unexpected-answer'
    this.fix = problem?.fix ?? 'Check the address: does Keyward itself answer there?'
    this.errors = problem?.errors ?? []
    this.usedBy = problem?.used_by ?? []
    this.correlationId = problem?.correlation_id
    this.retryAfterSeconds = retryAfterSeconds
    this.problem = problem
  }
}

/** Nothing answered at all. */
export class KeywardUnreachableError extends Error {
  readonly code = 'unreachable'
  readonly fix: string

  constructor(origin: string, cause: unknown) {
    super(`Keyward cannot be reached at ${origin}`, { cause })
    this.name = 'KeywardUnreachableError'
    this.fix = `Is it running there? \`keyward serve\` starts it.`
  }
}

/** Reads the problem document of a refused request; undefined where the body is none. */
export async function problemOf(response: Response): Promise<Problem | undefined> {
  try {
    const parsed = Problem.safeParse(await response.json())
    return parsed.success ? parsed.data : undefined
  } catch {
    return undefined
  }
}

function textOf(problem: Problem): string {
  const fields = (problem.errors ?? []).map((error) => `${error.field} ${error.message}`)
  return [problem.detail ?? problem.title, ...fields].join('; ')
}
