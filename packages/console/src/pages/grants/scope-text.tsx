import type { Grant } from '@keyward/contract/grants'

const shownMax = 3

/** A scope in a line. */
export function ScopeText({ scope }: { readonly scope: Grant['scope'] }) {
  if ('models' in scope) {
    const all = scope.models.includes('*')
    return (
      <span className="text-sm">
        {all ? 'any model' : <List items={scope.models} />}
        {scope.operations !== undefined && <span className="text-soft"> · {scope.operations.join(', ')}</span>}
      </span>
    )
  }
  return (
    <span className="text-sm">
      {scope.methods.join(', ')} <List items={scope.paths} />
    </span>
  )
}

function List({ items }: { readonly items: readonly string[] }) {
  return (
    <span title={items.join(', ')}>
      <code>{items.slice(0, shownMax).join(', ')}</code>
      {items.length > shownMax && ` and ${items.length - shownMax} more`}
    </span>
  )
}
