import { word } from '../../format/words.ts'
import { Button } from '../button.tsx'

export interface Conflict {
  readonly theirs: Readonly<Record<string, unknown>>
  readonly mine: Readonly<Record<string, unknown>>
  /** Members that both changed. */
  readonly both: readonly string[]
}

const shown = (value: unknown) =>
  value === null || value === undefined || value === '' ? 'nothing' : typeof value === 'string' ? value : JSON.stringify(value)

/** Somebody else changed it meanwhile: says what, and that saving again keeps both where they do not clash. */
export function ConflictNotice({
  conflict,
  pending,
  onLook,
}: {
  readonly conflict?: Conflict
  readonly pending: boolean
  readonly onLook?: () => void
}) {
  return (
    <div role="alert" className="mb-4 rounded-md border border-brass bg-brass-tint px-3.5 py-3 text-sm">
      <p className="font-medium text-brass">Somebody changed it while you had it open</p>
      {conflict === undefined ? (
        <>
          <p className="mt-1">Nothing of yours is lost. Look at what they changed, then save again.</p>
          <Button small className="mt-2" pending={pending} {...(onLook ? { onClick: onLook } : {})}>
            Show what changed
          </Button>
        </>
      ) : (
        <>
          <ul className="mt-1.5 grid gap-1">
            {Object.entries(conflict.theirs).map(([key, value]) => (
              <li key={key}>
                <b>{word(key)}</b>: they set {shown(value)}
                {conflict.both.includes(key) ? `; yours is ${shown(conflict.mine[key])}, and saving puts yours` : '; this is kept'}
              </li>
            ))}
          </ul>
          {conflict.both.length === 0 && <p className="mt-1">Your changes touch other fields: save, and both stand.</p>}
        </>
      )}
    </div>
  )
}
