import { bedrockLongLived, bedrockShortLived } from './aws.ts'
import type { Check } from './check.ts'
import { githubClassic } from './github-classic.ts'
import { githubFineGrained } from './github-fine-grained.ts'
import { gitlabRoutable } from './gitlab-routable.ts'
import { grafanaServiceAccount } from './grafana-service-account.ts'
import { githubStateless, jwt } from './jwt.ts'
import { keyward } from './keyward.ts'
import { openssh, pem } from './pem.ts'
import { basicAuth, discordBot, groq, openaiKeyHalves, sentryOrganization } from './structured.ts'

/** The checks by the name that a detector's `check` gives. */
export const checks: Readonly<Record<string, Check>> = {
  'basic-auth': basicAuth,
  'bedrock-long-lived': bedrockLongLived,
  'bedrock-short-lived': bedrockShortLived,
  'discord-bot': discordBot,
  'github-classic': githubClassic,
  'github-fine-grained': githubFineGrained,
  'github-stateless': githubStateless,
  'gitlab-routable': gitlabRoutable,
  'grafana-service-account': grafanaServiceAccount,
  groq,
  jwt,
  keyward,
  'openai-halves': openaiKeyHalves,
  openssh,
  pem,
  'sentry-organization': sentryOrganization,
}
