import { useEffect, useRef } from 'react'

/** As long as a key after `g` goes to a place (app/shortcuts.ts), it does nothing here. */
const afterGoMs = 1_500

/** Keys of one page; none while something is typed, a dialog is open, or a modifier is held. */
export function useKeys(keys: Readonly<Record<string, () => void>>): void {
  const latest = useRef(keys)
  useEffect(() => {
    latest.current = keys
  })
  useEffect(() => {
    let goUntilMs = 0
    const onKey = (event: KeyboardEvent) => {
      const typing = event.target instanceof Element && event.target.closest('input, textarea, select, [contenteditable]') !== null
      if (typing || event.ctrlKey || event.metaKey || event.altKey || document.querySelector('[role="dialog"]') !== null) return
      const going = performance.now() < goUntilMs
      goUntilMs = event.key === 'g' ? performance.now() + afterGoMs : 0
      if (going || !Object.hasOwn(latest.current, event.key)) return
      event.preventDefault()
      latest.current[event.key]?.()
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [])
}
