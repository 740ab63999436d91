/**
 * Fake vendors as a process of their own: `node packages/testkit/src/main.ts openai|anthropic|http-api|all [--port 7421] [--key SECRET]
 * [--log FILE] [--no-control]`. Prints one JSON line for each fake once it listens: `{fake, origin, base_url, key}`. With `all` the fakes
 * take consecutive ports from `--port`. Ends on SIGINT and SIGTERM.
 */
import { parseArgs } from 'node:util'
import { fakeAnthropicKey, startFakeAnthropic } from './anthropic/server.ts'
import type { Fake, FakeOptions } from './fake/server.ts'
import { fakeHttpApiKey, startFakeHttpApi } from './http-api/server.ts'
import { fakeOpenaiKey, startFakeOpenai } from './openai/server.ts'

interface Kind {
  key: string
  /** What an SDK takes as its base URL, after the origin. */
  basePath: string
  start(options: FakeOptions): Promise<Fake>
}

const kinds: Record<string, Kind> = {
  openai: { key: fakeOpenaiKey, basePath: '/v1', start: startFakeOpenai },
  anthropic: { key: fakeAnthropicKey, basePath: '', start: startFakeAnthropic },
  'http-api': { key: fakeHttpApiKey, basePath: '', start: startFakeHttpApi },
}

const usage = `usage: main.ts ${Object.keys(kinds).join('|')}|all [--port N] [--key SECRET] [--log FILE] [--no-control]\n`
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    port: { type: 'string' },
    key: { type: 'string' },
    log: { type: 'string' },
    host: { type: 'string' },
    'no-control': { type: 'boolean' },
  },
})
const wanted = positionals[0] === 'all' ? Object.keys(kinds) : positionals.slice(0, 1)
const port = Number(values.port ?? '0')
if (wanted.length === 0 || wanted.some((name) => !(name in kinds)) || !Number.isInteger(port) || port < 0 || port > 65_535) {
  process.stderr.write(usage)
  process.exit(2)
}

const running: Fake[] = []
for (const [index, name] of wanted.entries()) {
  const kind = kinds[name]
  if (kind === undefined) continue
  const key = values.key ?? kind.key
  const fake = await kind.start({
    key,
    port: port === 0 ? 0 : port + index,
    control: values['no-control'] !== true,
    ...(values.host === undefined ? {} : { host: values.host }),
    ...(values.log === undefined ? {} : { logFile: values.log }),
  })
  running.push(fake)
  process.stdout.write(`${JSON.stringify({ fake: name, origin: fake.origin, base_url: `${fake.origin}${kind.basePath}`, key })}\n`)
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    Promise.all(running.map((fake) => fake.stop())).then(
      () => process.exit(0),
      () => process.exit(1),
    )
  })
}
