/** A manifest is understood up to this size; larger ones are scanned as they are. */
const manifestBytesMax = 1_048_576

/**
 * Adds what a document's form hides from a line-wise look: quoted-printable mail is unfolded, and the base64 values of a Kubernetes
 * Secret, however short, stand decoded in their place. Line numbers stay.
 */
export function prepareText(bytes: Uint8Array, what: string | undefined): Uint8Array {
  if (what === 'mail') return quotedPrintable(bytes)
  if (bytes.length > manifestBytesMax || !mayBeSecretManifest(bytes)) return bytes
  return withSecretValues(bytes)
}

function mayBeSecretManifest(bytes: Uint8Array): boolean {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const at = view.indexOf('Secret')
  return at >= 0 && /"?kind"?:\s*"?Secret\b/.test(view.toString('latin1'))
}

function withSecretValues(bytes: Uint8Array): Uint8Array {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
  const plain = text.replace(
    /^([ \t]*"?[\w.-]{1,253}"?:[ \t]*)["']?([A-Za-z0-9+/]{8,65536}={0,2})["']?(,?[ \t]*\r?)$/gm,
    (line, name: string, value: string, rest: string) => {
      if (value.length % 4 !== 0) return line
      const decoded = Buffer.from(value, 'base64').toString('latin1')
      return /^[\x20-\x7e\n\r\t]+$/.test(decoded) ? `${name}${JSON.stringify(decoded)}${rest}` : line
    },
  )
  return plain === text ? bytes : Buffer.from(plain, 'latin1')
}

/** Takes quoted-printable off in place: soft line breaks vanish, `=3D` becomes `=`. A line that was joined is told where it ends. */
function quotedPrintable(bytes: Uint8Array): Uint8Array {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
  if (!/=\r?\n|=3D/.test(text)) return bytes
  const lines: string[] = []
  let open = ''
  for (const line of text.split('\n')) {
    const soft = /=\r?$/.test(line)
    open += soft ? line.replace(/=\r?$/, '') : line
    lines.push(soft ? '' : open)
    if (!soft) open = ''
  }
  const unfolded = lines.join('\n').replace(/=([2-7][0-9A-F])/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(unfolded, 'latin1')
}
