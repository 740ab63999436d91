import { CommanderError } from 'commander'
import { exitCodes } from './failure.ts'
import { secretAmong } from './input/secret-argument.ts'
import { tell } from './output/failure.ts'
import { commandEntries, createProgram, namedCommand } from './program.ts'

/** Runs one command line (without the program's name). @returns the exit code */
export async function main(args: readonly string[]): Promise<number> {
  const end = args.indexOf('--')
  const json = (end === -1 ? args : args.slice(0, end)).includes('--json')
  const secret = secretAmong(args)
  if (secret) return tell(secret, json)
  const named = namedCommand(args)
  const program = await createProgram(named !== undefined && named in commandEntries ? named : '')
  const settle = (command: typeof program, path = 'keyward') => {
    command
      .enablePositionalOptions()
      .exitOverride()
      .showHelpAfterError(`  Fix: ${path} --help shows what it takes.`)
      .configureOutput({ writeErr: (text) => process.stderr.write(text.replace(/^error: /, 'keyward: ')) })
    for (const one of command.commands) settle(one as typeof program, `${path} ${one.name()}`)
  }
  settle(program)
  if (named === undefined && !args.some((word) => ['-h', '--help', '-V', '--version'].includes(word))) {
    program.outputHelp()
    return args.length === 0 ? exitCodes.done : exitCodes.usage
  }
  try {
    await program.parseAsync(args, { from: 'user' })
    return typeof process.exitCode === 'number' ? process.exitCode : exitCodes.done
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage
    return tell(error, json)
  }
}

// A reader that has seen enough (`| head`) is no error.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(exitCodes.done)
    throw error
  })
process.exitCode = await main(process.argv.slice(2))
