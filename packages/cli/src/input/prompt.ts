import { exitCodes, Failure } from '../failure.ts'

/** Asks on the terminal without showing what is typed. Prompts go to standard error: standard output is for results. */
export async function askHidden(message: string): Promise<string> {
  const { isCancel, password } = await import('@clack/prompts')
  const answer = await password({ message, output: process.stderr })
  if (isCancel(answer)) throw cancelled()
  return answer ?? ''
}

/** A person's yes. Without a terminal nobody is there to ask: the command line itself is the yes. */
export async function confirmed(message: string): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return true
  const { confirm, isCancel } = await import('@clack/prompts')
  const answer = await confirm({ message, initialValue: false, output: process.stderr })
  if (isCancel(answer)) throw cancelled()
  return answer
}

export function cancelled(): Failure {
  return new Failure(exitCodes.refused, 'Cancelled: nothing was changed')
}
