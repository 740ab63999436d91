import { queryOptions } from '@tanstack/react-query'
import { api } from '../../api/client.ts'

/** Whom anybody can sign in with. */
export const signInProvidersQuery = queryOptions({
  queryKey: ['sign-in-providers'],
  queryFn: () => api.providerSignIn.list(),
  staleTime: 60_000,
})

/** The providers that are connected to whoever is signed in. */
export const myLinksQuery = queryOptions({ queryKey: ['my-links'], queryFn: () => api.myLinks.list() })
