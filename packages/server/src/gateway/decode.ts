import type { Transform } from 'node:stream'
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from 'node:zlib'

/**
 * Decoders for an upstream that compresses although it was asked not to: usage and echoed secrets can't be seen otherwise. `identity` where
 * nothing is to be done; undefined for an encoding that we can't look into, which then does not pass.
 */
export function decoderFor(encoding: string | undefined): Transform | 'identity' | undefined {
  switch (encoding?.trim().toLowerCase()) {
    case undefined:
    case '':
    case 'identity':
      return 'identity'
    case 'gzip':
    case 'x-gzip':
      return createGunzip()
    case 'br':
      return createBrotliDecompress()
    case 'deflate':
      return createInflate()
    case 'zstd':
      return createZstdDecompress()
    default:
      return undefined
  }
}
