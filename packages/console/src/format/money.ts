/*
 * Money comes as decimal strings and stays one: floats appear nowhere but in the pixels of a chart.
 */
const nanoPerDollar = 1_000_000_000n

/** `1234.500000000` -> `$1,234.50`: exact, with at least two decimals and no padding beyond. */
export function money(usd: string): string {
  const sign = usd.startsWith('-') ? '−' : ''
  const [whole = '0', decimals = ''] = usd.replace('-', '').split('.')
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',')
  return `${sign}$${grouped}.${decimals.replace(/0+$/, '').padEnd(2, '0')}`
}

/** Nano-dollars of a decimal string. */
export function nano(usd: string): bigint {
  const negative = usd.startsWith('-')
  const [whole = '0', decimals = ''] = usd.replace('-', '').split('.')
  const amount = BigInt(whole === '' ? '0' : whole) * nanoPerDollar + BigInt(decimals.slice(0, 9).padEnd(9, '0'))
  return negative ? -amount : amount
}

/** For headlines, where nine decimals would shout: to the cent, rounded up from below a cent so that something never reads as nothing. */
export function roundedMoney(usd: string): string {
  const amount = nano(usd)
  if (amount <= 0n) return amount === 0n ? '$0.00' : money(usd)
  const cent = nanoPerDollar / 100n
  if (amount < cent) return 'under $0.01'
  const cents = (amount + cent / 2n) / cent
  return money(`${cents / 100n}.${(cents % 100n).toString().padStart(2, '0')}`)
}

export function sumUsd(amounts: readonly string[]): string {
  const total = amounts.reduce((sum, usd) => sum + nano(usd), 0n)
  return `${total / nanoPerDollar}.${(total % nanoPerDollar).toString().padStart(9, '0')}`
}

/** Parts of a whole in thousandths, for bars. */
export function perMille(part: string, whole: string): number {
  const of = nano(whole)
  if (of <= 0n) return nano(part) > 0n ? 1_000 : 0
  return Math.min(1_000, Number((nano(part) * 1_000n) / of))
}

/** What may be typed into a field for dollars. */
export const usdPattern = '(0|[1-9][0-9]{0,9})(\\.[0-9]{1,9})?'
