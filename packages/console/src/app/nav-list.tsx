import { Link } from '@tanstack/react-router'
import { useMe } from '../api/me.ts'
import { navGroups } from './nav.ts'

/** The places that this person may see. */
export function NavList({ onGo }: { readonly onGo?: () => void }) {
  const allowed = useMe()?.allowed ?? []
  return (
    <nav aria-label="Main" className="grid gap-5">
      {navGroups.map((group) => {
        const items = group.items.filter((item) => allowed.includes(item.needs))
        if (items.length === 0) return null
        return (
          <div key={group.title}>
            <p className="label mb-1 px-2.5">{group.title}</p>
            <ul>
              {items.map(({ to, text, icon: Icon }) => (
                <li key={to}>
                  <Link
                    to={to as '/'}
                    {...(onGo ? { onClick: onGo } : {})}
                    activeOptions={{ exact: to === '/', includeSearch: false }}
                    className="flex items-center gap-2.5 rounded-[5px] px-2.5 py-1.5 text-soft no-underline hover:bg-sunken hover:text-ink aria-[current=page]:bg-accent-tint aria-[current=page]:font-medium aria-[current=page]:text-accent-strong pointer-coarse:py-2.5"
                  >
                    <Icon size={16} strokeWidth={1.75} aria-hidden="true" />
                    {text}
                  </Link>
                </li>
              ))}
            </ul>
          </div>
        )
      })}
    </nav>
  )
}
