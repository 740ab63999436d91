import { Refusal } from '../refusal.ts'

/** Headers of one part: a form field's are a few hundred bytes. */
const partHeaderBytesMax = 4_096
const modelCharsMax = 200

/**
 * The `model` field of a multipart/form-data body (RFC 7578), read strictly so that the upstream reads the same: one boundary, whole parts,
 * the field once, without a file name, charset or transfer encoding. Undefined where there is none. Throws body_invalid.
 */
export function multipartModel(body: Buffer, contentType: string | undefined): string | undefined {
  const boundary = boundaryOf(contentType)
  const delimiter = Buffer.from(`\r\n--${boundary}`)
  const opening = delimiter.subarray(2)
  if (body.compare(opening, 0, opening.length, 0, opening.length) !== 0) throw invalid('It does not begin with its boundary.')
  let model: string | undefined
  let at = opening.length
  while (!ends(body, at)) {
    if (body[at] !== 13 || body[at + 1] !== 10) throw invalid('A boundary is followed by other text.')
    const headersEnd = body.indexOf('\r\n\r\n', at)
    if (headersEnd === -1 || headersEnd - at > partHeaderBytesMax) throw invalid('The head of a part is not whole.')
    const next = body.indexOf(delimiter, headersEnd + 2)
    if (next === -1) throw invalid('Its last part is not whole.')
    if (isModelField(body.toString('latin1', at + 2, headersEnd))) {
      if (model !== undefined) throw invalid('The field model is repeated.')
      model = body.toString('utf8', headersEnd + 4, Math.max(headersEnd + 4, next))
      if (model.length > modelCharsMax) throw invalid('The field model is too long.')
    }
    at = next + delimiter.length
  }
  return model
}

function boundaryOf(contentType: string | undefined): string {
  const match = /^multipart\/form-data\s*;\s*boundary=(?:"([^"\r\n]{1,70})"|([0-9A-Za-z'()+_,\-./:=?]{1,70}))$/i.exec(contentType ?? '')
  const boundary = match?.[1] ?? match?.[2]
  if (boundary === undefined) throw invalid('Its content type must be multipart/form-data with a boundary and nothing else.')
  return boundary
}

function ends(body: Buffer, at: number): boolean {
  return body[at] === 45 && body[at + 1] === 45
}

/** Any part whose name could be read as `model` has to be the plain field. */
function isModelField(head: string): boolean {
  if (!/model/i.test(head.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))))) return false
  const named = /^content-disposition:[^\r\n]*;\s*name\*?\s*=\s*"?([^";\r\n]*)"?/im.exec(head)?.[1]
  if (named === undefined || !/^model(?:\[\])?$/i.test(named.trim())) return false
  if (!/^content-disposition: form-data; name="?model"?$/im.test(head)) throw invalid('The field model must be plain.')
  return true
}

function invalid(detail: string): Refusal {
  return new Refusal('body_invalid', detail)
}
