import type { Check } from './check.ts'
import { githubClassic } from './github-classic.ts'
import { keyward } from './keyward.ts'

/** The checks by the name that a detector's `check` gives. */
export const checks: Readonly<Record<string, Check>> = {
  'github-classic': githubClassic,
  keyward,
}
