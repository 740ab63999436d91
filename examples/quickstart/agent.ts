/**
 * A small agent with the vendors' own SDKs, as they come. It knows nothing of Keyward: addresses and keys are in the variables that the SDKs
 * read by themselves, and none of these keys is a vendor's.
 */
import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'

const question = process.argv[2] ?? 'What is a short-lived token good for?'

const chat = await new OpenAI().chat.completions.create({
  model: 'gpt-4o-mini',
  max_tokens: 100,
  messages: [{ role: 'user', content: question }],
})
process.stdout.write(`OpenAI:    ${chat.choices[0]?.message.content}\n`)

process.stdout.write('Anthropic: ')
const stream = new Anthropic().messages.stream({
  model: 'claude-haiku-4-5',
  max_tokens: 100,
  messages: [{ role: 'user', content: question }],
})
stream.on('text', (text) => process.stdout.write(text))
await stream.finalMessage()
process.stdout.write('\n')
