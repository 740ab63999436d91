import { secondOpinionHeader } from '@keyward/contract/second-opinions'
import { KeywardApiError } from '@keyward/sdk/errors'

/** Shows what waits for another admin; resolves to its id once they said yes, to undefined where they said no or nobody waits for it. */
type Await = (id: string) => Promise<string | undefined>
let wait: Await | undefined
let registered: (() => void) | undefined
const dialogMsMax = 5_000
let approved: string | undefined

/** The dialog of the shell registers itself here. */
export function provideSecondOpinion(dialog: Await): () => void {
  wait = dialog
  registered?.()
  return () => {
    if (wait === dialog) wait = undefined
  }
}

/**
 * Does `act`; where the API wants another admin's yes, waits for it and does the very same once more.
 * @throws what `act` throws; the first error where nobody said yes
 */
export async function withSecondOpinion<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (error) {
    const id = error instanceof KeywardApiError && error.code === 'second-opinion-required' ? error.problem?.second_opinion : undefined
    if (id === undefined) throw error
    const yes = await (await dialogLoaded())?.(id)
    if (yes === undefined) throw error
    approved = yes
    try {
      return await act()
    } finally {
      approved = undefined
    }
  }
}

/** The dialog is loaded after the page: somebody may be faster. */
async function dialogLoaded(): Promise<Await | undefined> {
  if (wait === undefined)
    await new Promise<void>((resolve) => {
      registered = resolve
      setTimeout(resolve, dialogMsMax)
    })
  return wait
}

/** The yes goes with what changes something while its act runs; a request that it was not given to ignores it. */
export const fetchWithSecondOpinion: typeof fetch = (input, init) => {
  if (approved === undefined || init?.method === 'GET') return fetch(input, init)
  const headers = new Headers(init?.headers)
  headers.set(secondOpinionHeader, approved)
  return fetch(input, { ...init, headers })
}
