import { Link } from '@tanstack/react-router'
import { LogOut, Monitor, Moon, Sun } from 'lucide-react'
import { useSyncExternalStore } from 'react'
import { useAct } from '../api/act.ts'
import { tellSessionEnd } from '../api/cache.ts'
import { api } from '../api/client.ts'
import { useMe } from '../api/me.ts'
import { currentTheme, onThemeChange, setTheme, type Theme } from './theme.ts'

const next: Readonly<Record<Theme, Theme>> = { system: 'light', light: 'dark', dark: 'system' }
const icons = { system: Monitor, light: Sun, dark: Moon } as const
const square = 'rounded-[5px] p-2 text-soft hover:bg-sunken hover:text-ink'

export function ThemeToggle() {
  const theme = useSyncExternalStore(onThemeChange, currentTheme)
  const Icon = icons[theme]
  return (
    <button
      type="button"
      className={square}
      aria-label={`Theme: ${theme}. Change to ${next[theme]}`}
      title={`Theme: ${theme}`}
      onClick={() => setTheme(next[theme])}
    >
      <Icon size={16} aria-hidden="true" />
    </button>
  )
}

/** Who is signed in, the way to their account, the theme, and out. */
export function AccountBar({ onGo }: { readonly onGo?: () => void }) {
  const me = useMe()
  const signOut = useAct(async () => {
    await api.signIn.out()
    tellSessionEnd()
  })
  const roles = [...new Set(me?.user.roles.map(({ role }) => role))].join(', ')
  return (
    <div className="flex items-center gap-0.5 border-t border-line pt-3">
      <Link
        to="/account"
        {...(onGo ? { onClick: onGo } : {})}
        className="min-w-0 flex-1 rounded-[5px] px-2.5 py-1 no-underline hover:bg-sunken"
        title="Your account"
      >
        <span className="block truncate text-sm font-medium text-ink">{me?.user.name}</span>
        <span className="block truncate text-xs text-soft">{roles}</span>
      </Link>
      <ThemeToggle />
      <button type="button" className={square} aria-label="Sign out" title="Sign out" onClick={() => void signOut.run()}>
        <LogOut size={16} aria-hidden="true" />
      </button>
    </div>
  )
}
