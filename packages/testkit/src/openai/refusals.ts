import type { Answer } from '../fake/answer.ts'
import { openaiError } from './errors.ts'

export function noSuchModel(name: string): Answer {
  return openaiError(404, `The model \`${name}\` does not exist or you do not have access to it.`, { code: 'model_not_found' })
}

export function noSuchPath(method: string, path: string): Answer {
  return openaiError(404, `Invalid URL (${method} ${path})`)
}

export function wrongMethod(method: string, path: string): Answer {
  return openaiError(405, `Not allowed to ${method} on ${path} (HINT: Perhaps you meant to use a different HTTP method?)`)
}

export const unreadableJson =
  "We could not parse the JSON body of your request. (HINT: This likely means you aren't using your HTTP library correctly. The API expects a JSON payload, but what was sent was not valid JSON.)"
