/** What `keyward doctor` found out about one thing. `not known` is an answer: nothing is guessed. */
export interface Check {
  readonly name: string
  readonly result: 'pass' | 'warn' | 'fail' | 'not known'
  readonly text: string
  readonly fix?: string
}

export const pass = (name: string, text: string): Check => ({ name, result: 'pass', text })
export const warning = (name: string, text: string, fix: string): Check => ({ name, result: 'warn', text, fix })
export const fail = (name: string, text: string, fix: string): Check => ({ name, result: 'fail', text, fix })
export const notKnown = (name: string, text: string, fix?: string): Check => ({
  name,
  result: 'not known',
  text,
  ...(fix === undefined ? {} : { fix }),
})
