import { hasCode } from './failure.ts'

/** Asks the person to sign in again; resolves to false where they would rather not. */
type Ask = () => Promise<boolean>
let ask: Ask | undefined

/** The dialog of the shell registers itself here. */
export function provideFreshAuth(dialog: Ask): () => void {
  ask = dialog
  return () => {
    if (ask === dialog) ask = undefined
  }
}

/**
 * Does `act`; where the API wants a fresh authentication, asks for it and does it once more.
 * @throws what `act` throws; the first error where the person declined
 */
export async function withFreshAuth<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (error) {
    if (!hasCode(error, 'fresh-auth-required') || ask === undefined || !(await ask())) throw error
    return await act()
  }
}
