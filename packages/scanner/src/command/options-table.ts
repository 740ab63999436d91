/** One option of `keyward scan`. The command line, its help and the docs are made from this table. */
export interface OptionRow {
  readonly name: string
  readonly type: 'flag' | 'text' | 'list'
  /** What a value stands for in help: `FILE`. */
  readonly value?: string
  readonly text: string
}

export const scanOptionRows: readonly OptionRow[] = [
  {
    name: 'git',
    type: 'flag',
    text: 'the history too: all refs, stashes, reflogs and dangling commits (the default where the folder is a repository)',
  },
  { name: 'no-git', type: 'flag', text: 'files only' },
  { name: 'only-new', type: 'flag', text: 'of the history only what came since the last complete scan' },
  { name: 'range', type: 'text', value: 'REVS', text: 'of the history only these commits, as git names them: main..HEAD' },
  { name: 'staged', type: 'flag', text: 'only what the next commit would bring (for a pre-commit hook)' },
  { name: 'pre-receive', type: 'flag', text: 'what a push brings, its refs read from stdin (for a pre-receive hook)' },
  { name: 'patch', type: 'flag', text: 'stdin is the output of git log -p or git diff' },
  { name: 'image', type: 'list', value: 'PATH', text: 'an OCI layout or a docker save tar, layer by layer' },
  { name: 'log', type: 'list', value: 'FILE', text: 'a log file' },
  { name: 'stdin', type: 'flag', text: 'stdin, to its end' },
  { name: 'follow', type: 'flag', text: 'with --stdin: tell each secret as it comes, for live logs' },
  {
    name: 'machine',
    type: 'flag',
    text: "known places in the home folder: MCP clients, agents' histories and transcripts, shells, clouds' own files",
  },
  { name: 'processes', type: 'flag', text: 'environments and command lines of your processes' },
  { name: 'format', type: 'text', value: 'FORMAT', text: 'text, json, sarif, csv, junit or github (annotations)' },
  { name: 'json', type: 'flag', text: 'same as --format json' },
  { name: 'output', type: 'text', value: 'FILE', text: 'write the report there instead of to stdout' },
  { name: 'all', type: 'flag', text: 'also what is unlikely to be a secret, with the reason' },
  { name: 'everything', type: 'flag', text: 'also folders of dependencies (node_modules, .venv, …)' },
  { name: 'respect-gitignore', type: 'flag', text: 'leave out what git ignores' },
  { name: 'only', type: 'list', value: 'ID', text: 'only this detector or provider' },
  {
    name: 'detectors',
    type: 'list',
    value: 'PATH',
    text: "your own detectors: a YAML file of the built-in ones' form, or a folder of them",
  },
  { name: 'gitleaks', type: 'list', value: 'FILE', text: 'rules of a gitleaks configuration' },
  { name: 'baseline', type: 'text', value: 'FILE', text: 'what is in there is known and does not fail the scan' },
  { name: 'write-baseline', type: 'text', value: 'FILE', text: 'write all that is found as known' },
  {
    name: 'allow-file',
    type: 'text',
    value: 'FILE',
    text: 'allowances with owner, reason and end (default: keyward-allow.yaml in the folder)',
  },
  {
    name: 'key-file',
    type: 'text',
    value: 'FILE',
    text: 'key of the fingerprints (hexadecimal or raw bytes); without it they are plain digests',
  },
  {
    name: 'verify',
    type: 'flag',
    text: 'ask providers with a harmless call whether a secret works: sends it to its provider, nobody else',
  },
  { name: 'redact', type: 'text', value: 'PATH', text: 'write a copy of the one file, folder or stdin there, secrets replaced' },
  { name: 'install-hook', type: 'text', value: 'KIND', text: 'install the pre-commit or pre-receive hook in this repository' },
  { name: 'threads', type: 'text', value: 'N', text: 'threads (default: one a core)' },
  { name: 'no-progress', type: 'flag', text: 'no progress bar' },
]

/** Values of the options by their names in camel case: `onlyNew`. */
export type ScanFlags = Readonly<Record<string, string | boolean | readonly string[] | undefined>>

export function camelCase(name: string): string {
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

/** Says what is wrong with the command line and how it would be right. Exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}
