import type { Command } from 'commander'

/** A command as the docs and completion see it. */
export interface CommandNode {
  /** `credential create` */
  readonly path: string
  readonly summary: string
  readonly usage: string
  readonly options: readonly {
    readonly flags: string
    readonly long: string | undefined
    readonly takesValue: boolean
    readonly text: string
  }[]
  readonly arguments: readonly { readonly name: string; readonly text: string }[]
  readonly children: readonly CommandNode[]
}

/** The tree below a command, `help` left out. */
export function treeOf(command: Command, above = ''): CommandNode {
  const path = above === '' ? command.name() : `${above} ${command.name()}`
  return {
    path,
    summary: command.description(),
    usage: command.usage(),
    options: command.options.map((option) => ({
      flags: option.flags,
      long: option.long ?? undefined,
      takesValue: option.required || option.optional,
      text: option.description,
    })),
    arguments: command.registeredArguments.map((argument) => ({ name: argument.name(), text: argument.description })),
    children: command.commands.map((child) => treeOf(child, path)),
  }
}
