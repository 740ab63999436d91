import type { Problem } from '@keyward/contract/problem'

/** 0 done · 1 refused, or something was found · 2 wrong usage · 3 the server is away. `keyward run` ends with its program's own code. */
export const exitCodes = { done: 0, refused: 1, usage: 2, away: 3 } as const
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/** A command that can't go on: what happened, and what to do about it. Both are for people, and hold no secret. */
export class Failure extends Error {
  readonly exitCode: ExitCode
  readonly fix: string | undefined
  /** What the server answered, where it was the server that refused. */
  readonly problem: Problem | undefined

  constructor(exitCode: ExitCode, message: string, options: { fix?: string; problem?: Problem; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'Failure'
    this.exitCode = exitCode
    this.fix = options.fix
    this.problem = options.problem
  }
}

/** The command line itself is wrong (exit code 2). */
export function wrongUsage(message: string, fix?: string): Failure {
  return new Failure(exitCodes.usage, message, fix === undefined ? {} : { fix })
}
