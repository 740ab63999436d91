export type Theme = 'system' | 'light' | 'dark'

/** Also read by public/theme.js, before the first paint. */
const key = 'keyward-theme'
const watchers = new Set<() => void>()

export function currentTheme(): Theme {
  const theme = document.documentElement.dataset.theme
  return theme === 'light' || theme === 'dark' ? theme : 'system'
}

export function setTheme(theme: Theme): void {
  if (theme === 'system') delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = theme
  try {
    if (theme === 'system') localStorage.removeItem(key)
    else localStorage.setItem(key, theme)
  } catch {
    // Storage is blocked: it holds until the page is left.
  }
  for (const watcher of watchers) watcher()
}

export function onThemeChange(watcher: () => void): () => void {
  watchers.add(watcher)
  const system = matchMedia('(prefers-color-scheme: dark)')
  system.addEventListener('change', watcher)
  return () => {
    watchers.delete(watcher)
    system.removeEventListener('change', watcher)
  }
}

export function isDark(): boolean {
  const theme = currentTheme()
  return theme === 'dark' || (theme === 'system' && matchMedia('(prefers-color-scheme: dark)').matches)
}
