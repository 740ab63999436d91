/** Calls a model, says so, and calls it again each time that it is told to; ends with the end of standard input. */
import OpenAI from 'openai'

const client = new OpenAI({ maxRetries: 0 })
const call = async () => {
  const answer = await client.chat.completions.create({
    model: 'gpt-4o-mini',
    messages: [{ role: 'user', content: 'again' }],
    max_tokens: 20,
  })
  process.stdout.write(`${JSON.stringify(answer.choices[0]?.message.content)}\n`)
}
await call()
for await (const _ of process.stdin) await call()
