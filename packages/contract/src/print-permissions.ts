import { permissions } from './permissions.ts'
import { roles } from './words.ts'

/** The matrix of roles as a page: `node packages/contract/src/print-permissions.ts` prints it, docs/permissions.md is its golden copy. */
export function printPermissions(): string {
  const lines = [
    '# Who may do what',
    '',
    'Made from `packages/contract/src/permissions.ts`; do not edit. A role is held over everything, or over one team, one environment, or one',
    'team in one environment; `user`, `session` and `price` need a role over everything. People may always see and end their own sessions',
    'and API tokens, and change their own password and passkeys.',
    '',
    `| resource | action | ${roles.join(' | ')} |`,
    `|---|---|${roles.map(() => ':-:').join('|')}|`,
  ]
  for (const [resource, actions] of Object.entries(permissions)) {
    for (const [action, allowed] of Object.entries(actions)) {
      const marks = roles.map((role) => ((allowed as readonly string[]).includes(role) ? '✓' : ''))
      lines.push(`| ${resource} | ${action} | ${marks.join(' | ')} |`)
    }
  }
  return `${lines.join('\n')}\n`
}

if (import.meta.main) process.stdout.write(printPermissions())
