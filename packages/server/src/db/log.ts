/** What this folder needs of a log: a pino logger fits. Fields first, then the sentence. */
export interface DatabaseLog {
  debug(fields: object, text: string): void
  info(fields: object, text: string): void
  warn(fields: object, text: string): void
  error(fields: object, text: string): void
}

/** For callers that have nobody to tell, such as a script that prints its own outcome. */
export const silentLog: DatabaseLog = { debug() {}, info() {}, warn() {}, error() {} }
