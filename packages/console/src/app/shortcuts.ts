import { useNavigate } from '@tanstack/react-router'
import { useEffect } from 'react'
import { navGroups } from './nav.ts'

const afterGoMs = 1_500

/** `/` to the search, `n` to what is new, `g` and a letter to a place, `?` for help; none of them while something is typed or a dialog is open. */
export function useShortcuts(showHelp: () => void): void {
  const navigate = useNavigate()
  useEffect(() => {
    let goUntilMs = 0
    const onKey = (event: KeyboardEvent) => {
      const typing = event.target instanceof Element && event.target.closest('input, textarea, select, [contenteditable]') !== null
      if (typing || event.ctrlKey || event.metaKey || event.altKey || document.querySelector('[role="dialog"]') !== null) return
      if (performance.now() < goUntilMs) {
        goUntilMs = 0
        const place = navGroups.flatMap((group) => group.items).find((item) => item.key === event.key)
        if (place) {
          event.preventDefault()
          void navigate({ to: place.to as '/' })
        }
        return
      }
      if (event.key === 'g') goUntilMs = performance.now() + afterGoMs
      else if (event.key === '?') showHelp()
      else if (event.key === '/' || event.key === 'n') {
        const target = document.querySelector<HTMLElement>(event.key === '/' ? '[data-search]' : '[data-new]')
        if (target === null) return
        event.preventDefault()
        if (event.key === '/') target.focus()
        else target.click()
      }
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [navigate, showHelp])
}
