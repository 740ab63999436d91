import type { Resource } from '@keyward/contract/resources'

export interface SnippetInput {
  readonly resource: Pick<Resource, 'address' | 'kind' | 'provider'>
  /** Shown once; undefined where none was minted on this page. */
  readonly token: string | undefined
  readonly grant: string | undefined
  readonly model: string | undefined
}

export interface Snippet {
  readonly id: string
  readonly title: string
  readonly text: string
}

const tokenVariable = 'KEYWARD_TOKEN'
/** Where no token was minted on the page. */
const tokenPlace = '… a token of the grant …'

/** What to paste to make a call, for each way of making one. The token is set in the first line and used by its name below. */
export function snippetsFor({ resource, token, grant, model }: SnippetInput): readonly Snippet[] {
  const set = `export ${tokenVariable}='${token ?? tokenPlace}'`
  const anthropic = resource.provider === 'anthropic'
  const base = resource.kind === 'llm' && !anthropic ? `${resource.address}/v1` : resource.address
  const run = {
    id: 'run',
    title: 'keyward run',
    text: `# Nothing secret reaches your program, and tokens renew themselves.\nkeyward run --grant ${grant ?? 'grt_…'} -- ${resource.kind === 'llm' ? 'python agent.py' : './job'}`,
  }
  if (resource.kind !== 'llm')
    return [{ id: 'curl', title: 'curl', text: `${set}\ncurl -i ${base}/ \\\n  -H "Authorization: Bearer $${tokenVariable}"` }, run]
  if (anthropic) {
    const name = model ?? 'claude-haiku-4-5'
    return [
      {
        id: 'curl',
        title: 'curl',
        text: `${set}\ncurl ${base}/v1/messages \\\n  -H "x-api-key: $${tokenVariable}" \\\n  -H "anthropic-version: 2023-06-01" \\\n  -H "content-type: application/json" \\\n  -d '{"model":"${name}","max_tokens":100,"messages":[{"role":"user","content":"Say hello"}]}'`,
      },
      {
        id: 'env',
        title: 'Environment',
        text: `# For any program that uses Anthropic's SDK, in any language.\nexport ANTHROPIC_BASE_URL='${base}'\nexport ANTHROPIC_API_KEY='${token ?? tokenPlace}'`,
      },
      {
        id: 'node',
        title: 'Node',
        text: `${set}\ncat > hello.mjs <<'JS'\nimport Anthropic from '@anthropic-ai/sdk'\n\nconst client = new Anthropic({ baseURL: '${base}', apiKey: process.env.${tokenVariable} })\nconst answer = await client.messages.create({\n  model: '${name}',\n  max_tokens: 100,\n  messages: [{ role: 'user', content: 'Say hello' }],\n})\nconsole.log(answer.content[0].text)\nJS\nnode hello.mjs`,
      },
      run,
    ]
  }
  const name = model ?? 'gpt-4.1-mini'
  return [
    {
      id: 'curl',
      title: 'curl',
      text: `${set}\ncurl ${base}/chat/completions \\\n  -H "Authorization: Bearer $${tokenVariable}" \\\n  -H "content-type: application/json" \\\n  -d '{"model":"${name}","messages":[{"role":"user","content":"Say hello"}]}'`,
    },
    {
      id: 'env',
      title: 'Environment',
      text: `# For any program that uses OpenAI's SDK: Python, Node, Go … no line of it changes.\nexport OPENAI_BASE_URL='${base}'\nexport OPENAI_API_KEY='${token ?? tokenPlace}'`,
    },
    {
      id: 'python',
      title: 'Python',
      text: `${set}\npython - <<'PY'\nimport os\nfrom openai import OpenAI\n\nclient = OpenAI(base_url="${base}", api_key=os.environ["${tokenVariable}"])\nanswer = client.chat.completions.create(\n    model="${name}",\n    messages=[{"role": "user", "content": "Say hello"}],\n)\nprint(answer.choices[0].message.content)\nPY`,
    },
    {
      id: 'node',
      title: 'Node',
      text: `${set}\ncat > hello.mjs <<'JS'\nimport OpenAI from 'openai'\n\nconst client = new OpenAI({ baseURL: '${base}', apiKey: process.env.${tokenVariable} })\nconst answer = await client.chat.completions.create({\n  model: '${name}',\n  messages: [{ role: 'user', content: 'Say hello' }],\n})\nconsole.log(answer.choices[0].message.content)\nJS\nnode hello.mjs`,
    },
    run,
  ]
}
