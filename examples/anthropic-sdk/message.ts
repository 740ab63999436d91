/**
 * The unmodified Anthropic SDK, once with a whole answer and once streamed. It knows nothing of Keyward: the address and the key come from
 * ANTHROPIC_BASE_URL and ANTHROPIC_API_KEY, as the SDK documents. `node examples/anthropic-sdk/message.ts [question]`
 */
import Anthropic from '@anthropic-ai/sdk'

const client = new Anthropic()
const model = process.env.ANTHROPIC_MODEL ?? 'claude-haiku-4-5'
const messages = [{ role: 'user' as const, content: process.argv[2] ?? 'Say hello in five words.' }]

const answer = await client.messages.create({ model, messages, max_tokens: 100 })
process.stdout.write(
  `${answer.content.map((block) => (block.type === 'text' ? block.text : '')).join('')}\n(${answer.usage.input_tokens + answer.usage.output_tokens} tokens)\n`,
)

const stream = client.messages.stream({ model, messages, max_tokens: 100 })
stream.on('text', (text) => process.stdout.write(text))
const { usage } = await stream.finalMessage()
process.stdout.write(`\n(streamed, ${usage.input_tokens + usage.output_tokens} tokens)\n`)
