import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { imageLayout } from './image.ts'

export interface Project {
  readonly folder: string
  /** Of the vendor's form, made up now and nobody's. It is in no file of the work tree as it is. */
  readonly key: string
  /** The commit that brought it. */
  readonly commit: string
}

/**
 * A project as such accidents leave it: the key was committed and removed again, a build printed it, somebody pasted it into a chat, and the
 * image was built while it was there.
 */
export function makeProject(folder: string): Project {
  const key = `sk-proj-${random(74)}T3BlbkFJ${random(74)}`
  const dotenv = `# settings of the agent\nOPENAI_API_KEY=${key}\nPORT=8080\n`
  const agent = "import OpenAI from 'openai'\n\nexport const client = new OpenAI()\n"
  const git = (args: readonly string[], at = '') =>
    execFileSync('git', [...args], { cwd: folder, encoding: 'utf8', env: gitEnvironment(at) }).trim()
  const write = (path: string, content: string | Uint8Array) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), content)
  }
  mkdirSync(folder, { recursive: true })
  git(['init', '-q', '-b', 'main'])
  write('agent.js', agent)
  write('package.json', '{ "name": "support-agent", "private": true, "type": "module" }\n')
  git(['add', '.'])
  git(['commit', '-q', '-m', 'The agent answers'], '2026-01-12T09:00:00Z')
  write('.env', dotenv)
  git(['add', '-f', '.env'])
  git(['commit', '-q', '-m', 'Settings for the demo'], '2026-01-13T16:40:00Z')
  const commit = git(['rev-parse', 'HEAD'])
  rmSync(join(folder, '.env'))
  write('.gitignore', '.env\nbuild/\n')
  git(['add', '-A'])
  git(['commit', '-q', '-m', 'Settings are nobody’s business'], '2026-01-13T16:52:00Z')
  write('build/ci.log', buildLog(key))
  write('build/slack-export/agents/2026-01-14.json', slackExport(key))
  const image = imageLayout([{ 'app/agent.js': agent, 'app/.env': dotenv }, { 'app/.wh..env': '' }])
  for (const [path, bytes] of Object.entries(image)) write(`build/image/${path}`, bytes)
  return { folder, key, commit }
}

function random(chars: number): string {
  return randomBytes(chars)
    .toString('base64')
    .replaceAll(/[^A-Za-z0-9]/g, 'x')
    .slice(0, chars)
}

/** The same author and the same times everywhere, and nothing of this machine's own settings. */
function gitEnvironment(at: string): NodeJS.ProcessEnv {
  const { PATH, HOME } = process.env
  const who = { NAME: 'Ana Example', EMAIL: 'ana@example.com', ...(at === '' ? {} : { DATE: at }) }
  const people = Object.entries(who).flatMap(([name, value]) => [
    [`GIT_AUTHOR_${name}`, value],
    [`GIT_COMMITTER_${name}`, value],
  ])
  return { PATH, HOME, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null', ...Object.fromEntries(people) }
}

function buildLog(key: string): string {
  return [
    '2026-01-13T16:41:02.118Z ##[group]Run npm test',
    '2026-01-13T16:41:03.540Z > support-agent@1.0.0 test',
    `2026-01-13T16:41:04.001Z \x1b[33mwarn\x1b[0m 401 from https://api.openai.com/v1/models, sent: Authorization: Bearer ${key}`,
    '2026-01-13T16:41:04.377Z ##[error]Process completed with exit code 1.',
    '',
  ].join('\n')
}

/** One day of one channel, as Slack exports it. */
function slackExport(key: string): string {
  const said = (user: string, name: string, ts: string, text: string) => ({
    type: 'message',
    user,
    user_profile: { real_name: name },
    ts,
    text,
  })
  const messages = [
    said('U01', 'Bo Example', '1768381200.000100', 'the agent gets a 401 here, which key do you use?'),
    said('U02', 'Ana Example', '1768381264.000200', `try this one: \`${key}\``),
  ]
  return `${JSON.stringify(messages, null, 2)}\n`
}
