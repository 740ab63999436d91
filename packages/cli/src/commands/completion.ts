import { Argument, Command } from 'commander'
import { completionScript, type Shell, shells } from '../completion.ts'

/** `program` makes the whole program, whose tree is completed. */
export function completionCommand(program: () => Promise<Command>): Command {
  return new Command('completion')
    .description('Print a completion script for your shell')
    .addArgument(new Argument('<shell>', 'your shell').choices(shells))
    .addHelpText(
      'after',
      '\nbash, zsh: add  eval "$(keyward completion bash)"  to ~/.bashrc (zsh: ~/.zshrc).\nfish: keyward completion fish > ~/.config/fish/completions/keyward.fish',
    )
    .action(async (shell: Shell) => {
      const { treeOf } = await import('../tree.ts')
      process.stdout.write(completionScript(shell, treeOf(await program())))
    })
}
