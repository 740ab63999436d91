import { useCallback, useEffect, useRef, useState } from 'react'
import { cache, tellSessionEnd } from './cache.ts'
import { type Failure, failureOf, hasCode } from './failure.ts'
import { withFreshAuth } from './fresh.ts'
import { withSecondOpinion } from './second-opinion.ts'

/** Something that a person does: at most one at a time. Neither what was sent nor what came back is kept here, for either may hold a secret. */
export interface Act<Input extends readonly unknown[], Answer> {
  readonly pending: boolean
  readonly failure: Failure | undefined
  /** The answer, or undefined where it failed (`failure` says how). What the inventory shows is read again after it. */
  run(...input: Input): Promise<{ readonly answer: Answer } | undefined>
  forget(): void
}

export function useAct<Input extends readonly unknown[], Answer>(act: (...input: Input) => PromiseLike<Answer>): Act<Input, Answer> {
  const [pending, setPending] = useState(false)
  const [failure, setFailure] = useState<Failure>()
  const latest = useRef(act)
  const busy = useRef(false)
  useEffect(() => {
    latest.current = act
  })
  const run = useCallback(async (...input: Input) => {
    if (busy.current) return undefined
    busy.current = true
    setPending(true)
    setFailure(undefined)
    try {
      const answer = await withSecondOpinion(() => withFreshAuth(async () => await latest.current(...input)))
      void cache.invalidateQueries()
      return { answer }
    } catch (error) {
      if (hasCode(error, 'unauthenticated')) tellSessionEnd()
      setFailure(failureOf(error))
      return undefined
    } finally {
      busy.current = false
      setPending(false)
    }
  }, [])
  const forget = useCallback(() => setFailure(undefined), [])
  return { pending, failure, run, forget }
}
