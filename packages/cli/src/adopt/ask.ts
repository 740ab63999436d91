import { cancelled } from '../input/prompt.ts'

export interface Choice {
  readonly value: string
  readonly label: string
}

/** Questions with a guess. Where nobody is to be asked, the guess is the answer. */
export interface Ask {
  readonly asks: boolean
  text(question: string, guess: string): Promise<string>
  choice(question: string, choices: readonly Choice[], guess: string | undefined): Promise<string | undefined>
  several(question: string, choices: readonly Choice[]): Promise<readonly string[]>
  yes(question: string): Promise<boolean>
}

/** Takes every guess: for scripts, and with `--yes`. */
export const takesGuesses: Ask = {
  asks: false,
  text: async (_, guess) => guess,
  choice: async (_, __, guess) => guess,
  several: async (_, choices) => choices.map((one) => one.value),
  yes: async () => true,
}

/** Asks on the terminal, prompts on standard error. */
export async function onTerminal(): Promise<Ask> {
  const { confirm, isCancel, multiselect, select, text } = await import('@clack/prompts')
  const output = process.stderr
  const answered = <T>(answer: T): Exclude<T, symbol> => {
    if (isCancel(answer)) throw cancelled()
    return answer as Exclude<T, symbol>
  }
  return {
    asks: true,
    text: async (message, guess) => answered(await text({ message, initialValue: guess, output })),
    choice: async (message, choices, guess) =>
      choices.length === 0
        ? guess
        : answered(await select({ message, options: [...choices], ...(guess === undefined ? {} : { initialValue: guess }), output })),
    several: async (message, choices) => answered(await multiselect({ message, options: [...choices], required: true, output })),
    yes: async (message) => answered(await confirm({ message, initialValue: true, output })),
  }
}
