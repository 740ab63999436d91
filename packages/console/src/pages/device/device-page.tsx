import type { DeviceLogin } from '@keyward/contract/device'
import { readUserCode, showUserCode } from '@keyward/contract/device'
import { useState } from 'react'
import { useAct } from '../../api/act.ts'
import { api } from '../../api/client.ts'
import { Button } from '../../components/button.tsx'
import { FailureNotice } from '../../components/failure-notice.tsx'
import { Form } from '../../components/form/form.tsx'
import { TextField } from '../../components/form/text-field.tsx'
import { Moment } from '../../components/moment.tsx'
import { Facts } from '../../components/page.tsx'
import { DecisionFrame, useSettled, Warning } from '../authorize/decision-frame.tsx'

/** RFC 8628: a person types in the code that a machine shows, sees which machine that is, and decides. */
export default function DevicePage() {
  const [code, setCode] = useState('')
  const [found, setFound] = useState<DeviceLogin>()
  const [decided, setDecided] = useState<'yes' | 'no'>()
  const find = useAct(() => api.deviceLogins.find({ user_code: code }))
  const letters = readUserCode(code)
  return (
    <DecisionFrame title="Log in a machine">
      {decided !== undefined ? (
        <div role="status">
          <p className="text-lg font-medium">{decided === 'yes' ? 'Allowed.' : 'Denied.'}</p>
          <p className="mt-1 text-soft">
            {decided === 'yes' ? 'The machine goes on by itself. You can close this page.' : 'The machine gets nothing.'}
          </p>
        </div>
      ) : found === undefined ? (
        <Form
          label="Find the machine"
          failure={find.failure}
          onSubmit={async () => {
            const done = await find.run()
            if (done) setFound(done.answer)
          }}
        >
          <div className="grid gap-5">
            <TextField
              label="Code that the machine shows"
              pointer="/user_code"
              placeholder="BCDF-GHJK"
              autoComplete="off"
              autoCapitalize="characters"
              maxLength={20}
              value={code}
              onChange={setCode}
              autoFocus
            />
            <Warning>
              Type a code only from a machine that you sit at or started this on yourself. A code that somebody sent you, by mail, in a chat
              or on the phone, lets <b className="font-semibold">them</b> in as you.
            </Warning>
            <div className="flex justify-end">
              <Button type="submit" look="primary" className="max-sm:w-full" pending={find.pending}>
                Go on
              </Button>
            </div>
          </div>
        </Form>
      ) : (
        <Decision
          code={letters === undefined ? code : showUserCode(letters)}
          found={found}
          onDecided={setDecided}
          onBack={() => setFound(undefined)}
        />
      )}
    </DecisionFrame>
  )
}

interface DecisionProps {
  readonly code: string
  readonly found: DeviceLogin
  readonly onDecided: (answer: 'yes' | 'no') => void
  readonly onBack: () => void
}

function Decision({ code, found, onDecided, onBack }: DecisionProps) {
  const settled = useSettled()
  const decide = useAct((approve: boolean) => api.deviceLogins.decide({ user_code: code, approve }))
  const answer = async (approve: boolean) => {
    if (await decide.run(approve)) onDecided(approve ? 'yes' : 'no')
  }
  return (
    <div className="grid gap-5">
      <Facts
        items={[
          ['Code', <code key="code">{code}</code>],
          [
            'Machine',
            <b className="font-semibold break-words" key="machine">
              {found.machine}
            </b>,
          ],
          ['Address', found.ip === null ? 'not known' : <code key="ip">{found.ip}</code>],
          ['Asked', <Moment key="asked" at={found.created_at} />],
        ]}
      />
      <p>
        It will be able to do <b className="font-semibold">everything that you can do</b>, for {found.hours} hours. You can end it under API
        tokens of your account.
      </p>
      <Warning>The name is what the machine says of itself. Is this the machine that you started the login on, just now?</Warning>
      <FailureNotice failure={decide.failure} />
      <div className="flex flex-wrap justify-end gap-2.5">
        <Button className="mr-auto max-sm:w-full" look="plain" onClick={onBack}>
          Another code
        </Button>
        <Button className="max-sm:flex-1" onClick={() => void answer(false)}>
          Deny
        </Button>
        <Button
          look="primary"
          className="max-sm:flex-1"
          pending={decide.pending}
          disabledReason={settled ? undefined : 'One moment'}
          onClick={() => void answer(true)}
        >
          Allow
        </Button>
      </div>
    </div>
  )
}
