import { useSyncExternalStore } from 'react'
import { exact, relative } from '../format/time.ts'

const tickMs = 15_000
const watchers = new Set<() => void>()
let nowMs = Date.now()
setInterval(() => {
  nowMs = Date.now()
  for (const watcher of watchers) watcher()
}, tickMs)

/** The wall clock, moving every 15 seconds, for all ages on a page at once. */
export function useNow(): number {
  return useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher)
      return () => watchers.delete(watcher)
    },
    () => nowMs,
  )
}

/** A time: how long ago, with the exact one on hover. */
export function Moment({ at, none = 'never' }: { readonly at: string | null | undefined; readonly none?: string }) {
  const now = useNow()
  if (at === null || at === undefined) return <span className="text-soft">{none}</span>
  return (
    <time dateTime={at} title={exact(at)}>
      {relative(at, Math.max(now, Date.now()))}
    </time>
  )
}
