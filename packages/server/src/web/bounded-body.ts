import { KeptBytes } from '../kept-bytes.ts'

/** Pieces that any body may come in, and bytes that each further one has to bring on average: each costs microseconds to take. */
const piecesFree = 4_096
const pieceBytesMin = 16

/** A mebibyte in this time is a slow line; what takes longer holds a connection for nothing. */
const bodyMsMax = 15_000

/**
 * Reads a body from somebody who may be nobody. Undefined, without reading on, where it is longer than `bytesMax`, or cut so small (a megabyte in
 * chunks of one byte) that taking it would cost more than anything else that is asked of us. Rejects where it breaks off or does not end in time.
 */
export async function boundedBody(body: ReadableStream<Uint8Array> | null, bytesMax: number): Promise<Uint8Array | undefined> {
  const kept = new KeptBytes()
  if (body === null) return kept.take()
  const reader = body.getReader()
  let late = false
  const give = () => void reader.cancel().catch(() => undefined)
  const timer = setTimeout(() => {
    late = true
    give()
  }, bodyMsMax)
  let pieces = 0
  try {
    for (;;) {
      const { done, value } = await reader.read()
      // Cancelling ends the stream as if it were whole.
      if (late) throw new Error(`the body did not end within ${bodyMsMax} ms`)
      if (done) return kept.take()
      pieces += 1
      if (kept.length + value.length > bytesMax || pieces > piecesFree + kept.length / pieceBytesMin) {
        give()
        return undefined
      }
      kept.append(value)
    }
  } finally {
    clearTimeout(timer)
  }
}
