import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import Anthropic from '@anthropic-ai/sdk'
import { readRequestLog } from '@keyward/testkit/fake/log'
import OpenAI from 'openai'
import { expect, test } from 'vitest'

const main = fileURLToPath(new URL('../../packages/testkit/src/main.ts', import.meta.url))

interface Line {
  fake: string
  origin: string
  base_url: string
  key: string
}

/** Starts the entry and waits for as many fakes as it announces. */
async function start(count: number, ...args: string[]): Promise<{ child: ChildProcess; lines: Line[] }> {
  const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  const lines: Line[] = []
  if (child.stdout) {
    for await (const line of createInterface({ input: child.stdout })) {
      lines.push(JSON.parse(line) as Line)
      if (lines.length === count) break
    }
  }
  return { child, lines }
}

test('each fake prints an address and a key that the unmodified SDKs work with, and ends on SIGTERM', async () => {
  const { child, lines } = await start(3, 'all')
  const [openai, anthropic] = [lines.find((line) => line.fake === 'openai'), lines.find((line) => line.fake === 'anthropic')]
  const chat = await new OpenAI({ apiKey: openai?.key ?? '', baseURL: openai?.base_url ?? '' }).chat.completions.create({
    model: 'gpt-4o-mini',
    messages: [{ role: 'user', content: 'hi' }],
  })
  expect(chat.choices[0]?.message.content).toBe('You said: hi')
  const message = await new Anthropic({ apiKey: anthropic?.key ?? '', baseURL: anthropic?.base_url ?? '' }).messages.create({
    model: 'claude-haiku-4-5',
    max_tokens: 20,
    messages: [{ role: 'user', content: 'hi' }],
  })
  expect(message.content).toMatchObject([{ text: 'You said: hi' }])
  child.kill('SIGTERM')
  expect(await once(child, 'exit')).toEqual([0, null])
})

test('what a killed fake had seen is in its file, and a restarted one goes on in it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kw-standalone-'))
  const log = join(folder, 'requests.jsonl')
  for (const round of [1, 2]) {
    const { child, lines } = await start(1, 'openai', '--key', 'sk-proj-FAKE-standalone', '--log', log)
    const client = new OpenAI({ apiKey: lines[0]?.key ?? '', baseURL: lines[0]?.base_url ?? '', maxRetries: 0 })
    for (let number = 0; number < 5; number += 1) await client.models.list()
    child.kill('SIGKILL')
    await once(child, 'exit')
    const seen = readRequestLog(log)
    expect(seen).toHaveLength(5 * round)
    expect(seen.every((entry) => entry.path === '/v1/models' && entry.keyId !== null)).toBe(true)
    expect(JSON.stringify(seen)).not.toContain('sk-proj-FAKE-standalone')
  }
  rmSync(folder, { recursive: true })
})

test('a wrong command line is refused with the usage', async () => {
  const child = spawn(process.execPath, [main, 'nobody'], { stdio: ['ignore', 'ignore', 'pipe'] })
  let text = ''
  child.stderr?.on('data', (chunk) => {
    text += String(chunk)
  })
  expect(await once(child, 'close')).toEqual([2, null])
  expect(text).toContain('usage:')
})
