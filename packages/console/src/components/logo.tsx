/** A ward plate with its keyhole: notches at both sides, so that only the right key passes. */
export function Logo({ size = 26 }: { readonly size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" className="shrink-0">
      <path className="fill-accent" d="M5 3h22a2 2 0 0 1 2 2v9l-3 2 3 2v9a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2v-9l3-2-3-2V5a2 2 0 0 1 2-2Z" />
      <path className="fill-on-accent" d="M16 8a5 5 0 0 0-2.6 9.27L12 24h8l-1.4-6.73A5 5 0 0 0 16 8Z" />
    </svg>
  )
}
