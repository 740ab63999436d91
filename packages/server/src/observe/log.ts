import { Writable } from 'node:stream'
import { type DestinationStream, type Logger, pino } from 'pino'
import { redact } from './redact.ts'

export type Log = Logger

export interface LogOptions {
  /** trace, debug, info, warn, error, silent */
  readonly level: string
  /** Where lines go; standard error by default, because standard output belongs to what the user asked for. */
  readonly sink?: NodeJS.WritableStream
}

/** JSON lines through the redactor. Error objects are logged with their cause; nothing secret passes. */
export function createLog(options: LogOptions): Log {
  const sink = options.sink ?? process.stderr
  const through: DestinationStream = new Writable({
    decodeStrings: false,
    write(chunk: string | Buffer, _encoding, done) {
      sink.write(redact(chunk.toString()), () => done())
    },
  })
  return pino({ level: options.level, base: { pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime }, through)
}
