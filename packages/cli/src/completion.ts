import type { CommandNode } from './tree.ts'

export const shells = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof shells)[number]

/** A script for the shell that completes commands and options. Ids are not completed: that would take a login and a call at each key. */
export function completionScript(shell: Shell, root: CommandNode): string {
  if (shell === 'fish') return fishScript(root)
  const cases = [...walk(root)].map((node) => {
    const words = [...node.children.map((child) => lastWord(child)), ...node.options.flatMap((option) => option.long ?? [])]
    return `    ${quote(node.path)}) words=${quote(words.join(' '))} ;;`
  })
  const setUp = shell === 'zsh' ? 'autoload -Uz bashcompinit && bashcompinit\n' : ''
  return `${setUp}_keyward() {
  local at word path=keyward words= current="\${COMP_WORDS[COMP_CWORD]}"
  for ((at = 1; at < COMP_CWORD; at++)); do
    word="\${COMP_WORDS[at]}"
    if [[ $word == -- ]]; then return; fi
    case " ${[...walk(root)].map((node) => node.path.replaceAll(' ', '/')).join(' ')} " in
      *" \${path// //}/$word "*) path="$path $word" ;;
    esac
  done
  case "$path" in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _keyward keyward
`
}

function fishScript(root: CommandNode): string {
  const lines = ['complete -c keyward -f']
  for (const child of root.children) {
    const name = lastWord(child)
    lines.push(`complete -c keyward -n __fish_use_subcommand -a ${quote(name)} -d ${quote(child.summary)}`)
    const subcommands = child.children.map(lastWord)
    if (subcommands.length > 0) {
      const none = `__fish_seen_subcommand_from ${name}; and not __fish_seen_subcommand_from ${subcommands.join(' ')}`
      for (const sub of child.children)
        lines.push(`complete -c keyward -n ${quote(none)} -a ${quote(lastWord(sub))} -d ${quote(sub.summary)}`)
    }
    for (const node of child.children.length > 0 ? child.children : [child]) {
      const seen =
        node === child
          ? `__fish_seen_subcommand_from ${name}`
          : `__fish_seen_subcommand_from ${name}; and __fish_seen_subcommand_from ${lastWord(node)}`
      for (const option of node.options)
        if (option.long !== undefined)
          lines.push(
            `complete -c keyward -n ${quote(seen)} -l ${option.long.slice(2)}${option.takesValue ? ' -r' : ''} -d ${quote(option.text)}`,
          )
    }
  }
  return `${lines.join('\n')}\n`
}

function* walk(node: CommandNode): Generator<CommandNode> {
  yield node
  for (const child of node.children) yield* walk(child)
}

function lastWord(node: CommandNode): string {
  return node.path.slice(node.path.lastIndexOf(' ') + 1)
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
