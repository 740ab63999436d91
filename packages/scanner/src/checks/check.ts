/**
 * Looks into a matched secret for what chance would not produce: a checksum, a length that must come out, a structure inside.
 * `proved`: the odds of a chance match are below one in 65,536. `refuted`: no issuer made this string. `unknown`: the format has
 * variants without the mark, or the text is cut. Pure, offline, never throws, linear in the length.
 */
export type Check = (secret: string) => Verdict
export type Verdict = 'proved' | 'refuted' | 'unknown'
