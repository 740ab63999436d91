import { Dialog } from '../components/dialog.tsx'
import { navGroups } from './nav.ts'

export default function ShortcutHelp({ onClose }: { readonly onClose: () => void }) {
  const rows: readonly (readonly [readonly string[], string])[] = [
    [['/'], 'Search on this page'],
    [['n'], 'Add something on this page'],
    [['?'], 'This help'],
    [['Esc'], 'Close a dialog'],
    ...navGroups.flatMap((group) => group.items.map((item) => [['g', item.key], item.text] as const)),
  ]
  return (
    <Dialog open onClose={onClose} title="Keyboard">
      <dl className="grid gap-x-8 gap-y-2 sm:grid-cols-2">
        {rows.map(([keys, text]) => (
          <div key={text} className="flex items-center justify-between gap-4">
            <dt>{text}</dt>
            <dd className="flex gap-1">
              {keys.map((key) => (
                <kbd
                  key={key}
                  className="min-w-6 rounded-[4px] border border-line-strong bg-raised px-1.5 text-center font-mono text-xs leading-5"
                >
                  {key}
                </kbd>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </Dialog>
  )
}
