/**
 * The unmodified OpenAI SDK, once with a whole answer and once streamed. It knows nothing of Keyward: the address and the key come from
 * OPENAI_BASE_URL and OPENAI_API_KEY, as the SDK documents. `node examples/openai-sdk/chat.ts [question]`
 */
import OpenAI from 'openai'

const client = new OpenAI()
const model = process.env.OPENAI_MODEL ?? 'gpt-4o-mini'
const messages = [{ role: 'user' as const, content: process.argv[2] ?? 'Say hello in five words.' }]

const answer = await client.chat.completions.create({ model, messages, max_tokens: 100 })
process.stdout.write(`${answer.choices[0]?.message.content}\n(${answer.usage?.total_tokens} tokens)\n`)

for await (const chunk of await client.chat.completions.create({
  model,
  messages,
  max_tokens: 100,
  stream: true,
  stream_options: { include_usage: true },
})) {
  process.stdout.write(chunk.choices[0]?.delta.content ?? '')
  if (chunk.usage) process.stdout.write(`\n(streamed, ${chunk.usage.total_tokens} tokens)\n`)
}
