import { Badge } from '../../components/badge.tsx'
import { authorityMeaning } from '../../format/words.ts'

/** What it lets a machine do; spending stands out. */
export function Authorities({ authority }: { readonly authority: readonly string[] }) {
  return (
    <span className="inline-flex flex-wrap gap-1">
      {authority.map((one) => (
        <Badge key={one} tone={one === 'spend' ? 'brass' : 'neutral'} title={authorityMeaning[one] ?? one}>
          {one}
        </Badge>
      ))}
    </span>
  )
}
