import type { Sighting } from '@keyward/contract/detections'
import { Badge } from '../../components/badge.tsx'
import { Moment } from '../../components/moment.tsx'
import { counted } from '../../format/numbers.ts'
import { sourceNames } from './words.tsx'

/** Every place where it was seen: what kind of place, where, since when and by whom. */
export function Sightings({ sightings, total }: { readonly sightings: readonly Sighting[]; readonly total: number }) {
  return (
    <section>
      <h3 className="label mb-2">{counted(total, 'place')}</h3>
      <ul className="grid gap-3">
        {sightings.map((one) => (
          <li key={one.id} className="min-w-0 border-l-2 border-line pl-3">
            <p className="font-mono text-xs break-all">
              {one.path}
              {one.line > 0 && `:${one.line}`}
            </p>
            <p className="mt-1 flex flex-wrap items-center gap-x-2 gap-y-1 text-sm text-soft">
              <Badge>{sourceNames[one.source]}</Badge>
              {one.what !== null && <span>{one.what}</span>}
              {one.commit !== null && <code className="text-xs">{one.commit.slice(0, 10)}</code>}
              {(one.author ?? one.email) !== null && <span>by {one.author ?? one.email}</span>}
              {one.seen_at !== null ? (
                <Moment at={one.seen_at} />
              ) : (
                <span>
                  reported <Moment at={one.last_reported_at} />
                </span>
              )}
            </p>
            {one.origin !== null && <p className="text-xs break-all text-soft">{one.origin}</p>}
          </li>
        ))}
      </ul>
      {total > sightings.length && <p className="mt-2 text-sm text-soft">The {sightings.length} that were reported last.</p>}
    </section>
  )
}
