import { wrongUsage } from '../failure.ts'

/** More than any secret or request body that the API takes. */
const stdinBytesMax = 4_194_304

/** All of standard input, as UTF-8. @throws Failure (usage) where it is too much */
export async function readStdin(): Promise<string> {
  if (process.stdin.isTTY) process.stderr.write('keyward: reading standard input; end it with Ctrl-D\n')
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of process.stdin) {
    bytes += (chunk as Buffer).length
    if (bytes > stdinBytesMax) throw wrongUsage(`Standard input holds more than ${stdinBytesMax} bytes`)
    chunks.push(chunk as Buffer)
  }
  return Buffer.concat(chunks).toString('utf8')
}
