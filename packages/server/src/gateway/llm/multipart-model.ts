import { Refusal } from '../refusal.ts'

/** Headers of one part: a form field's are a few hundred bytes. */
const partHeaderBytesMax = 4_096
const modelCharsMax = 200

/**
 * The `model` field of a multipart/form-data body (RFC 7578), read strictly so that the upstream reads the same, be it one that takes bare
 * line feeds, folded headers, names of another case or escaped ones: one boundary, whole parts, plain heads, the field once. Undefined where
 * there is none. Throws body_invalid.
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
    const headersEnd = body.indexOf('\r\n\r\n', at + 2)
    if (headersEnd === -1 || headersEnd - at > partHeaderBytesMax) throw invalid('The head of a part is not whole.')
    const next = body.indexOf(delimiter, headersEnd + 2)
    if (next === -1) throw invalid('Its last part is not whole.')
    // Behind another line break than CRLF it would begin a part to some readers.
    if (body.indexOf(opening, at) !== next + 2) throw invalid('Its boundary stands within a part.')
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

const headerLine = /^[A-Za-z0-9-]+:[^\0\r\n]*$/
const disposition = /^content-disposition:[ \t]*form-data((?:;[ \t]*(?:name|filename|filename\*)=(?:"(?:[^"\\]|\\.)*"|[^\s";]+))+)$/i
const parameter = /;[ \t]*(name|filename|filename\*)=(?:"((?:[^"\\]|\\.)*)"|([^\s";]+))/gi

/** Any part whose name could be read as `model` has to be the plain field, in this very spelling. */
function isModelField(head: string): boolean {
  const lines = head.split('\r\n')
  if (!lines.every((line) => headerLine.test(line))) throw invalid('The head of a part is not plain.')
  const dispositions = lines.filter((line) => /^content-disposition:/i.test(line))
  const parameters = disposition.exec(dispositions[0] ?? '')?.[1]
  if (dispositions.length !== 1 || parameters === undefined) throw invalid('A part has no plain Content-Disposition.')
  const found = new Map<string, string>()
  for (const [, key = '', quoted, bare = ''] of parameters.matchAll(parameter)) {
    if (found.has(key.toLowerCase())) throw invalid('A part has more than one name.')
    found.set(key.toLowerCase(), quoted ?? bare)
  }
  const name = found.get('name')
  if (name === undefined) throw invalid('A part has no name.')
  if (!couldBeModel(name)) return false
  const encoded = lines.some((line) => /^content-transfer-encoding:/i.test(line))
  if (name !== 'model' || found.size !== 1 || encoded) throw invalid('The field model must be plain.')
  return true
}

function couldBeModel(name: string): boolean {
  const decoded = name.replaceAll(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return /^model(?:\[[^\]]*\])?$/i.test(decoded.replaceAll(/[\\\s\0]/g, ''))
}

function invalid(detail: string): Refusal {
  return new Refusal('body_invalid', detail)
}
