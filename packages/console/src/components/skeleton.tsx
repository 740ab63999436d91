/** A place that will be filled: as wide as what comes, so that nothing moves when it does. */
export function Skeleton({ width = '8rem' }: { readonly width?: string }) {
  return (
    <span aria-hidden="true" className="skeleton" style={{ width }}>
      &nbsp;
    </span>
  )
}

const widths = ['11rem', '8rem', '13rem', '9rem', '10rem', '12rem']

export function SkeletonLines({ lines = 4 }: { readonly lines?: number }) {
  return (
    <div role="status" aria-label="Loading" className="grid gap-3 py-2">
      {widths.slice(0, lines).map((width) => (
        <Skeleton key={width} width={width} />
      ))}
    </div>
  )
}
