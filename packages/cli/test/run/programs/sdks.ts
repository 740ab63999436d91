/** The vendors' SDKs as they come, each once with a whole answer and once streamed. */
import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'

const question = [{ role: 'user' as const, content: 'marmalade' }]
const openai = new OpenAI()
const whole = await openai.chat.completions.create({ model: 'gpt-4o-mini', messages: question, max_tokens: 50 })
let streamed = ''
for await (const chunk of await openai.chat.completions.create({ model: 'gpt-4o-mini', messages: question, max_tokens: 50, stream: true }))
  streamed += chunk.choices[0]?.delta.content ?? ''

const anthropic = new Anthropic()
const message = await anthropic.messages.create({ model: 'claude-haiku-4-5', messages: question, max_tokens: 50 })
const stream = anthropic.messages.stream({ model: 'claude-haiku-4-5', messages: question, max_tokens: 50 })
const said = await stream.finalText()
const first = message.content[0]
process.stdout.write(
  `${JSON.stringify({ whole: whole.choices[0]?.message.content, streamed, message: first?.type === 'text' ? first.text : '', said })}\n`,
)
