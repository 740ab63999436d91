import type { Behaviour, EchoForm } from './behaviour.ts'
import { piecesOf } from './tokens.ts'

/** Stands in a reply for the credential until the answer is serialised; then its bytes are replaced form by form. */
const marker = (form: EchoForm): string => `KWECHO(${form})`
const firstHalf = 'KWECHOHALF(1)'
const secondHalf = 'KWECHOHALF(2)'

const inText: readonly EchoForm[] = [
  'body',
  'json_escaped',
  'base64',
  'base64url',
  'base64_shifted',
  'percent',
  'hex',
  'split',
  'two_deltas',
]

/** The reply as stream pieces, with a place for each asked echo. Joined they are the reply of an answer that is no stream. */
export function replyPieces(reply: string, behaviour: Behaviour): string[] {
  const pieces = piecesOf(reply)
  for (const form of behaviour.echo ?? []) {
    if (form === 'two_deltas') pieces.push(` ${firstHalf}`, secondHalf)
    else if (inText.includes(form)) pieces.push(` ${marker(form)}`)
  }
  return pieces
}

/** Puts the credential where `replyPieces` left room for it. */
export function fillEchoes(frames: Buffer[], credential: string, forms: readonly EchoForm[]): Buffer[] {
  if (!forms.some((form) => inText.includes(form))) return frames
  const half = Math.floor(credential.length / 2)
  const filled: Buffer[] = []
  for (const frame of frames) {
    let text = frame.toString('utf8').replaceAll(firstHalf, credential.slice(0, half)).replaceAll(secondHalf, credential.slice(half))
    for (const form of forms) if (form !== 'split') text = text.replaceAll(marker(form), encodeAs(form, credential))
    const parts = text.split(marker('split'))
    let carried = ''
    for (const [index, part] of parts.entries()) {
      if (index === parts.length - 1) filled.push(Buffer.from(carried + part))
      else {
        filled.push(Buffer.from(carried + part + credential.slice(0, half)))
        carried = credential.slice(half)
      }
    }
  }
  return filled
}

/** The credential in one of the encodings; unchanged for the forms that are places. */
export function encodeAs(form: EchoForm, credential: string): string {
  switch (form) {
    case 'json_escaped':
      return [...credential].map((character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')
    case 'base64':
      return Buffer.from(credential).toString('base64')
    case 'base64url':
      return Buffer.from(credential).toString('base64url')
    case 'base64_shifted':
      return Buffer.from(`:${credential}`).toString('base64')
    case 'percent':
      return [...Buffer.from(credential)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('')
    case 'hex':
      return Buffer.from(credential).toString('hex')
    default:
      return credential
  }
}

/** Header fields that repeat the credential. */
export function echoHeaders(credential: string, forms: readonly EchoForm[]): Record<string, string> {
  const headers: Record<string, string> = {}
  if (forms.includes('header')) headers['x-debug-authorization'] = `Bearer ${credential}`
  if (forms.includes('cookie')) headers['set-cookie'] = `session=${credential}; Path=/`
  if (forms.includes('location')) headers['content-location'] = `/v1/debug?key=${credential}`
  return headers
}
