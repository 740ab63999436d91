/** Says its environment, and lives until it is told to end: by SIGTERM (42), or by a word on standard input or its end. */
process.once('SIGTERM', () => process.exit(42))
process.stdin.once('data', () => process.exit(0))
process.stdin.once('end', () => process.exit(0))
process.stdout.write(`${JSON.stringify(process.env)}\n`)
