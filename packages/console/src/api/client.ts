import { createClient } from '@keyward/sdk/client'
import { fetchWithSecondOpinion } from './second-opinion.ts'

/** The control API of the server that this page came from; the session cookie speaks for whoever is signed in. */
export const api = createClient({ origin: window.location.origin, fetch: fetchWithSecondOpinion })
