import { nanoPerDollar } from '@keyward/contract/money'
import { calcPrice, type ModelPrice } from '@pydantic/genai-prices'
import type { Rate, Rates } from './rates.ts'

/**
 * Rates of the table that comes with Keyward (@pydantic/genai-prices, offline: it is never updated over the network). Undefined where the
 * provider or model is not in it, or where the model is not priced by tokens.
 *
 * @param at prices may change with the date and with the time of day
 */
export function builtInRates(provider: string, model: string, at: Date): Rates | undefined {
  const found = calcPrice({ input_tokens: 1 }, model, { providerId: provider, timestamp: at })
  if (found === null) return undefined
  const price = found.model_price
  const input = rateOf(price, 'input_mtok')
  if (input === undefined) return undefined
  return {
    input,
    output: rateOf(price, 'output_mtok'),
    cachedInput: rateOf(price, 'cache_read_mtok'),
    cacheWrite: rateOf(price, 'cache_write_mtok'),
    cacheWriteHour: rateOf(price, 'cache_write_1h_mtok'),
    audioInput: rateOf(price, 'input_audio_mtok'),
    audioCachedInput: rateOf(price, 'cache_audio_read_mtok'),
    audioOutput: rateOf(price, 'output_audio_mtok'),
    imageInput: rateOf(price, 'input_image_mtok'),
    imageCachedInput: rateOf(price, 'cache_image_read_mtok'),
    imageOutput: rateOf(price, 'output_image_mtok'),
    reasoningOutput: rateOf(price, 'output_reasoning_mtok'),
    videoInput: rateOf(price, 'input_video_mtok'),
    videoOutput: rateOf(price, 'output_video_mtok'),
    // In dollars a thousand requests.
    request: ((rateOf(price, 'requests_kcount')?.base ?? 0n) + 999n) / 1_000n,
  }
}

function rateOf(price: ModelPrice, key: string): Rate | undefined {
  const value = price[key]
  if (value === undefined) return undefined
  if (typeof value === 'number') return { base: nanoOf(value), steps: [] }
  const steps = value.tiers.map(({ start, price: above }) => ({ above: start, price: nanoOf(above) })).sort((a, b) => a.above - b.above)
  return { base: nanoOf(value.base), steps }
}

/** A price that was written as a decimal and read as a float, as the integer that was meant: exact to nine decimals, rounded up beyond. */
export function nanoOf(dollars: number): bigint {
  const [mantissa = '0', exponent = '0'] = dollars.toString().split('e')
  const [whole = '0', decimals = ''] = mantissa.split('.')
  const digits = BigInt(whole + decimals)
  const shift = Number(exponent) - decimals.length + nanoDecimals
  if (shift >= 0) return digits * 10n ** BigInt(shift)
  const divisor = 10n ** BigInt(-shift)
  return (digits + divisor - 1n) / divisor
}

const nanoDecimals = nanoPerDollar.toString().length - 1
