import { useNavigate, useSearch } from '@tanstack/react-router'
import { useCallback } from 'react'

/** The filters of a list, kept in the address, so that back and a shared link bring them back. What is searched for is not: people paste secrets. */
export function useFilters(): readonly [Readonly<Record<string, string>>, (key: string, value: string) => void] {
  const search = useSearch({ strict: false }) as Readonly<Record<string, string>>
  const navigate = useNavigate()
  const set = useCallback(
    (key: string, value: string) => {
      void navigate({
        to: '.',
        search: (before: Record<string, string | undefined>) => ({ ...before, [key]: value === '' ? undefined : value }),
        replace: true,
      })
    },
    [navigate],
  )
  return [search, set]
}
