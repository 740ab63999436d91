import { useMe } from '../../api/me.ts'
import { Moment } from '../../components/moment.tsx'
import { Facts, PageFrame, Panel } from '../../components/page.tsx'
import { word } from '../../format/words.ts'
import { RolesText } from '../users/role-text.tsx'
import { ApiTokens } from './api-tokens.tsx'
import { Passkeys } from './passkeys.tsx'
import { Password } from './password.tsx'
import { Providers } from './providers.tsx'
import { Sessions } from './sessions.tsx'

/** One's own account. */
export default function AccountPage() {
  const me = useMe()
  if (!me) return null
  return (
    <PageFrame title="Your account" lead={`${me.user.name}${me.user.email === null ? '' : `, ${me.user.email}`}`}>
      <div className="grid gap-5 lg:grid-cols-[3fr_2fr]">
        <div className="grid min-w-0 content-start gap-5">
          <Passkeys />
          <Password />
          <Providers />
          <ApiTokens />
          <Sessions />
        </div>
        <Panel title="This session" className="self-start">
          <Facts
            items={[
              ['Roles', <RolesText key="roles" roles={me.user.roles} />],
              ['Signed in with', me.session.method === 'oidc' ? 'Identity provider' : word(me.session.method)],
              ['Signed in', <Moment key="since" at={me.session.authenticated_at} />],
              ['Ends', <Moment key="ends" at={me.session.expires_at} />],
              ['Dangerous acts', me.session.fresh ? 'allowed for now: you signed in just now' : 'ask you to sign in again'],
            ]}
          />
        </Panel>
      </div>
    </PageFrame>
  )
}
