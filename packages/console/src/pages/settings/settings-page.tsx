import { PageFrame } from '../../components/page.tsx'
import { IdentityProviders } from './identity-providers.tsx'
import { SecondOpinionSetting } from './second-opinion-setting.tsx'

/** What holds for the whole installation: where people come from, and what needs two of them. */
export default function SettingsPage() {
  return (
    <PageFrame title="Settings" lead="Where people sign in, and what needs the yes of two admins.">
      <div className="grid gap-5">
        <IdentityProviders />
        <SecondOpinionSetting />
      </div>
    </PageFrame>
  )
}
