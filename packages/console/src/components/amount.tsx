import { money } from '../format/money.ts'

/** An amount of money, exact. Null is a call whose price nobody knows. */
export function Amount({ usd, estimated = false }: { readonly usd: string | null; readonly estimated?: boolean }) {
  if (usd === null)
    return (
      <span className="text-soft" title="The price of this model is not known; set one under Prices">
        no price
      </span>
    )
  return (
    <span className="figures whitespace-nowrap">
      {estimated && (
        <abbr title="Estimated: the usage is unknown, so the whole reservation was charged" className="mr-1 text-brass no-underline">
          est.
        </abbr>
      )}
      {money(usd)}
    </span>
  )
}
