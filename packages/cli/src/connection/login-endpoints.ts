import { exitCodes, Failure } from '../failure.ts'
import { away } from './api.ts'

/** The public client that the server knows by itself (RFC 8252). */
export const clientId = 'keyward-cli'

/** What a login ends in: an API token of the person who approved it. */
export interface Login {
  readonly token: string
  readonly expires_at: string
}

export interface OAuthAnswer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

const answerMsMax = 30_000

/** One request to an OAuth endpoint. @throws Failure (away) where nothing answers as it does */
export async function postForm(origin: string, path: string, form: Readonly<Record<string, string>>): Promise<OAuthAnswer> {
  let response: Response
  try {
    response = await fetch(new URL(path, origin), {
      method: 'POST',
      body: new URLSearchParams(form),
      redirect: 'error',
      signal: AbortSignal.timeout(answerMsMax),
    })
  } catch (error) {
    throw away(origin, error)
  }
  const body: unknown = await response.json().catch(() => undefined)
  if (typeof body !== 'object' || body === null)
    throw new Failure(exitCodes.refused, `${origin} answered ${response.status}, and not as Keyward does`, {
      fix: 'Check --server and KEYWARD_SERVER; a proxy in between may have answered.',
    })
  return { status: response.status, body: body as Record<string, unknown> }
}

/** @throws Failure where the answer is a refusal */
export function loginOf({ status, body }: OAuthAnswer): Login {
  const { access_token: token, expires_in: seconds } = body
  if (status === 200 && typeof token === 'string' && typeof seconds === 'number')
    return { token, expires_at: new Date(Date.now() + seconds * 1000).toISOString() }
  throw new Failure(exitCodes.refused, `The login was refused: ${String(body.error_description ?? body.error ?? status)}`, {
    fix: 'Run `keyward login` again.',
  })
}
