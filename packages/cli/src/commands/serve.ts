import { Command } from 'commander'

interface ServeOptions {
  readonly data?: string
  readonly host?: string
  readonly port?: string
}

/** The server in the foreground, until SIGTERM or SIGINT. Its other options are in the environment (docs/config.md). */
export function serveCommand(): Command {
  return new Command('serve')
    .description('Run the server (the same as npm start). Its options are in the environment: docs/config.md')
    .option('--data <folder>', 'the data folder (KEYWARD_DATA; default .keyward)')
    .option('--host <address>', 'the address to listen on (KEYWARD_HOST; default 127.0.0.1)')
    .option('--port <n>', 'the port to listen on (KEYWARD_PORT; default 7411)')
    .action(async (options: ServeOptions) => {
      const { serve } = await import('@keyward/server/main')
      await serve({
        ...process.env,
        ...(options.data === undefined ? {} : { KEYWARD_DATA: options.data }),
        ...(options.host === undefined ? {} : { KEYWARD_HOST: options.host }),
        ...(options.port === undefined ? {} : { KEYWARD_PORT: options.port }),
      })
    })
}
