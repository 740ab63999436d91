/** Shannon entropy of the text's characters in bits per character: 0 for one repeated, log2(n) where n different ones are equally frequent. */
export function entropyOf(text: string): number {
  if (text.length === 0) return 0
  const counts = new Uint32Array(256)
  for (let at = 0; at < text.length; at++) counts[text.charCodeAt(at) & 255] = (counts[text.charCodeAt(at) & 255] ?? 0) + 1
  let bits = 0
  for (const count of counts) if (count > 0) bits -= (count / text.length) * Math.log2(count / text.length)
  return bits
}
