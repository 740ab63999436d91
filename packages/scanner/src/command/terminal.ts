import type { Readable } from 'node:stream'

/** The process around the command, so that tests can be it. */
export interface Terminal {
  readonly stdin: Readable
  readonly stdout: NodeJS.WriteStream
  readonly stderr: NodeJS.WriteStream
}

/** Nothing found 0, something found 1, wrong use or not all looked at 2. */
export type ExitCode = 0 | 1 | 2
