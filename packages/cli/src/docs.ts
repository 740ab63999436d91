import { createProgram } from './program.ts'
import { type CommandNode, treeOf } from './tree.ts'

/** docs/cli.md: every command with what it takes, from the command tree. */
export async function commandDocs(): Promise<string> {
  const root = treeOf(await createProgram())
  const lines = [
    '# The `keyward` command',
    '',
    '<!-- Made from the command tree by `npm run golden`: do not edit. -->',
    '',
    'In the clone: `npx --no-install keyward …`. Exit codes: 0 done, 1 refused or found, 2 wrong usage, 3 server away; `keyward run` ends with the',
    'code of its program (127: not found, 126: not executable, 128 + n: ended by signal n). Results go to standard output, everything else to',
    'standard error. With `--json` both are JSON: the result, or `{"error": …}` with the problem details of the server.',
    '',
    'Secrets are never arguments: other users of the machine see those, and the shell keeps them. They come from a hidden prompt, from',
    '`--secret-stdin` or from `--secret-file FILE`.',
    '',
    '| variable | what it does |',
    '|---|---|',
    '| `KEYWARD_SERVER` | the server to talk to; default `http://localhost:7411` |',
    '| `KEYWARD_TOKEN` | an API token, in place of the login; `keyward run` does not pass it on |',
    '| `KEYWARD_DATA` | the data folder, for `serve`, `login --local`, `kek` and `doctor` |',
    '| `KEYWARD_KEYRING` | `file`: keep private keys in files even where the computer has a keyring |',
    '| `KEYWARD_IDENTITY_TOKEN_FILE` | as a workload: a file with a token that somebody else keeps fresh (spiffe-helper, the kubelet, a cloud) |',
    '| `KEYWARD_CLIENT_CERT`, `KEYWARD_CLIENT_KEY` | as a workload: files with a client certificate and its key, PEM |',
    '| `KEYWARD_ID_TOKEN` | as a workload: the ID token of a GitLab job. jobs at GitHub have theirs without it |',
    '| `KEYWARD_WORKLOAD` | as a workload: which one, where the proof does not say it |',
    '| `NO_COLOR`, `FORCE_COLOR`, `COLUMNS` | colours off or on; the width of tables |',
    '',
  ]
  for (const group of root.children) {
    lines.push(...section(group, '##'))
    for (const child of group.children) lines.push(...section(child, '###'))
  }
  return `${lines.join('\n').trimEnd()}\n`
}

function section(node: CommandNode, heading: string): string[] {
  const lines = [`${heading} ${node.path}`, '', `${node.summary}.`, '', '```', `${node.path} ${node.usage}`, '```', '']
  const rows = [
    ...node.arguments.filter((one) => one.text !== '').map((one) => [`\`${one.name}\``, one.text]),
    ...node.options.map((one) => [`\`${one.flags}\``, one.text]),
  ]
  if (rows.length === 0) return lines
  return [...lines, '| | |', '|---|---|', ...rows.map(([name = '', text = '']) => `| ${cell(name)} | ${cell(text)} |`), '']
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}
