import { KeptBytes } from '../kept-bytes.ts'

/** Pieces that any body may come in, and bytes that each further one has to bring on average: each costs microseconds to take. */
const piecesFree = 4_096
const pieceBytesMin = 16

/**
 * Reads a body from somebody who may be nobody. Undefined, without reading on, where it is longer than `bytesMax`, or cut so small (a megabyte in
 * chunks of one byte) that taking it would cost more than anything else that is asked of us. Rejects where it breaks off.
 */
export async function boundedBody(body: ReadableStream<Uint8Array> | null, bytesMax: number): Promise<Uint8Array | undefined> {
  const kept = new KeptBytes()
  if (body === null) return kept.take()
  let pieces = 0
  for await (const piece of body) {
    pieces += 1
    if (kept.length + piece.length > bytesMax || pieces > piecesFree + kept.length / pieceBytesMin) return undefined
    kept.append(piece)
  }
  return kept.take()
}
