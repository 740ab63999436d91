import type { Overview } from '@keyward/contract/records'
import { CircleCheck, TriangleAlert } from 'lucide-react'
import { Go } from '../../app/go.tsx'

/** What needs somebody, each with its fix. */
export function Attention({ items }: { readonly items: Overview['attention'] }) {
  if (items.length === 0)
    return (
      <p className="flex items-start gap-2 text-soft">
        <CircleCheck size={17} aria-hidden="true" className="mt-0.5 shrink-0 text-ok" />
        Nothing. Credentials that expire soon, resources that can't work and nodes that don't hear would stand here.
      </p>
    )
  return (
    <ul className="grid gap-3.5">
      {items.map((item) => (
        <li key={`${item.kind} ${item.link} ${item.text}`} className="flex items-start gap-2.5">
          <TriangleAlert size={16} aria-hidden="true" className="mt-1 shrink-0 text-brass" />
          <div className="min-w-0">
            <p className="break-words">{item.text}.</p>
            <p className="text-sm text-soft">
              {item.fix} {item.link !== null && <Go to={item.link}>Go there</Go>}
            </p>
          </div>
        </li>
      ))}
    </ul>
  )
}
