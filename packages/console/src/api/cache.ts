import { QueryCache, QueryClient } from '@tanstack/react-query'
import { hasCode } from './failure.ts'

type Listener = () => void
const sessionEndListeners = new Set<Listener>()

/** Called where the server says that nobody is signed in any more. */
export function onSessionEnd(listener: Listener): () => void {
  sessionEndListeners.add(listener)
  return () => sessionEndListeners.delete(listener)
}

export function tellSessionEnd(): void {
  for (const listener of sessionEndListeners) listener()
}

/** What was read from the API. Acts and what they answer (secrets among it) never come in here: see act.ts. */
export const cache = new QueryClient({
  queryCache: new QueryCache({
    onError: (error, query) => {
      if (hasCode(error, 'unauthenticated') && query.meta?.quiet !== true) tellSessionEnd()
    },
  }),
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      gcTime: 120_000,
      // The SDK repeats what may be repeated.
      retry: false,
      refetchOnWindowFocus: true,
    },
  },
})
