import type { Me } from '@keyward/contract/people'
import type { Permission } from '@keyward/contract/permissions'
import { queryOptions, useQuery } from '@tanstack/react-query'
import { api } from './client.ts'
import { hasCode } from './failure.ts'

/** Who is signed in; null where nobody is. */
export const meQuery = queryOptions({
  queryKey: ['me'],
  queryFn: async (): Promise<Me | null> => {
    try {
      return await api.me.show()
    } catch (error) {
      if (hasCode(error, 'unauthenticated')) return null
      throw error
    }
  },
  staleTime: 30_000,
})

export function useMe(): Me | null | undefined {
  return useQuery(meQuery).data
}

/** Whether some role of the person who is signed in allows this. The server decides again, each time. */
export function useMay(permission: Permission): boolean {
  return useMe()?.allowed.includes(permission) ?? false
}
