import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { git } from '../sources/git-command.ts'

export class HookError extends Error {
  override readonly name = 'HookError'
}

const mark = '# keyward scan'
const kinds: Readonly<Record<string, { readonly command: string; readonly text: string }>> = {
  'pre-commit': {
    command: 'keyward scan --staged',
    text: 'From now on a commit that brings a secret is refused. `git commit --no-verify` goes round it; CI should look too.',
  },
  'pre-receive': { command: 'keyward scan --pre-receive', text: 'From now on a push that brings a secret is refused.' },
}

/**
 * Installs a hook into the repository and returns what to tell. A hook that is there and isn't ours is left alone: the line to put into it
 * is in the error.
 */
export function installHook(kind: string, folder: string): string {
  const hook = kinds[kind]
  if (!hook) throw new HookError(`there is no hook ${kind}: use ${Object.keys(kinds).join(' or ')}`)
  const hooks = resolve(folder, git(folder, ['rev-parse', '--git-path', 'hooks']).trim())
  const file = join(hooks, kind)
  if (existsSync(file) && !readFileSync(file, 'utf8').includes(mark))
    throw new HookError(`${file} is there already: add \`npx --no-install ${hook.command} || exit 1\` to it`)
  mkdirSync(hooks, { recursive: true })
  writeFileSync(file, script(hook.command))
  chmodSync(file, 0o755)
  return `${file} is installed. ${hook.text}\n`
}

function script(command: string): string {
  return `#!/bin/sh
${mark}: refuses what brings a secret. Exit 2 means that not everything could be looked at.
if command -v keyward >/dev/null 2>&1; then
  exec ${command}
fi
exec npx --no-install ${command}
`
}
