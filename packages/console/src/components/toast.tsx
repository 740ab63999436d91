import { useEffect, useSyncExternalStore } from 'react'

interface Toast {
  readonly id: number
  readonly text: string
}

let current: Toast | undefined
let last = 0
const watchers = new Set<() => void>()
const shownMs = 5_000

/** Says briefly that something was done. */
export function say(text: string): void {
  last += 1
  current = { id: last, text }
  for (const watcher of watchers) watcher()
}

function subscribe(watcher: () => void): () => void {
  watchers.add(watcher)
  return () => watchers.delete(watcher)
}

export function Toasts() {
  const toast = useSyncExternalStore(subscribe, () => current)
  useEffect(() => {
    if (toast === undefined) return undefined
    const timer = setTimeout(() => {
      if (current?.id === toast.id) current = undefined
      for (const watcher of watchers) watcher()
    }, shownMs)
    return () => clearTimeout(timer)
  }, [toast])
  return (
    <div role="status" aria-live="polite" className="pointer-events-none fixed inset-x-0 bottom-5 z-[60] flex justify-center px-4">
      {toast && <p className="rounded-md bg-ink px-4 py-2.5 text-sm font-medium text-paper shadow-lg">{toast.text}</p>}
    </div>
  )
}
