import { KeywardError } from '@keyward/contract/errors'
import { type Caller, type People, recordOf } from './people.ts'

/** Records a failed sign-in and gives the error to throw: the same one whatever was wrong. */
export async function signInFailed(
  people: People,
  caller: Caller,
  method: 'link' | 'password' | 'passkey',
  userId?: string,
): Promise<KeywardError> {
  await people.audit.record({
    action: 'session.start',
    decision: 'refused',
    code: 'sign-in-failed',
    actor: { kind: 'anonymous' },
    details: { method },
    ...recordOf(caller, userId),
  })
  return new KeywardError('sign-in-failed')
}
