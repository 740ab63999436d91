import { IdentityError, type Proof } from './identity.ts'

const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
/** Keyward refuses longer ones; those of the platforms have 1 to 4 KiB. */
const tokenCharsMax = 16_384
/** Three parts of base64url (RFC 7515 section 7.1). */
const compactJws = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/

/**
 * A platform's token as proof and request at once (RFC 7523 section 2.1).
 * @param workload compared with what the trust rules say; needed where one token fits several workloads
 * @throws IdentityError where it is no token; its text is never repeated
 */
export function assertionProof(token: string, where: string, fix: string, workload: string | undefined): Proof {
  const text = token.trim()
  if (text === '') throw new IdentityError(`${where} is empty`, fix)
  if (text.length > tokenCharsMax || !compactJws.test(text)) throw new IdentityError(`${where} is not a signed token (JWT)`, fix)
  return {
    form: { grant_type: jwtBearer, assertion: text, ...(workload === undefined ? {} : { client_id: workload }) },
    client: undefined,
  }
}
