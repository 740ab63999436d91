import type { AuthorizationRequest } from '@keyward/contract/consents'
import { Facts } from '../../components/page.tsx'
import { Warning } from './decision-frame.tsx'

/** Who a client says that it is, what of it is certain, and where its answer goes. */
export function WhoAsks({ asked }: { readonly asked: AuthorizationRequest }) {
  const { client, redirect } = asked
  return (
    <div className="grid gap-4">
      <Facts
        items={[
          [
            'App',
            <b className="font-semibold" key="name">
              {client.name}
            </b>,
          ],
          ['Known by', <Known key="known" client={client} />],
          ['Answer goes to', <Where key="where" redirect={redirect} />],
          asked.resource !== null && [
            'Wants to reach',
            <span key="resource">
              <b className="font-semibold">{asked.resource.name}</b>
              <code className="block text-xs break-all text-soft">{asked.resource.address}</code>
            </span>,
          ],
        ]}
      />
      {redirect.kind === 'loopback' && (
        <Warning>
          {asked.purpose === 'login'
            ? 'Go on only if you have just typed keyward login on this computer yourself.'
            : `Any program on this computer can call itself ${client.name}. Go on only if you have just started this there yourself.`}
        </Warning>
      )}
      {redirect.kind === 'app' && (
        <Warning>
          The answer opens an app on this computer by the name <code>{redirect.host}:</code>. Go on only if you have just started this there
          yourself.
        </Warning>
      )}
      {redirect.kind === 'web' && client.kind === 'document' && (
        <Warning>
          Nobody here has checked this app: its name is what it says of itself. Look at the address, and go on only if you know it.
        </Warning>
      )}
    </div>
  )
}

function Known({ client }: { readonly client: AuthorizationRequest['client'] }) {
  switch (client.kind) {
    case 'document':
      return (
        <span>
          <b className="font-semibold">{client.host}</b>
          <code className="block text-xs break-all text-soft">{client.id}</code>
        </span>
      )
    case 'registered':
      return <>an administrator registered it here</>
    case 'workload':
      return <>it is one of your organisation’s agents</>
    default:
      return <>it comes with Keyward</>
  }
}

function Where({ redirect }: { readonly redirect: AuthorizationRequest['redirect'] }) {
  if (redirect.kind === 'loopback')
    return (
      <>
        a program on this computer <code className="text-sm text-soft">{redirect.host}</code>
      </>
    )
  if (redirect.kind === 'app')
    return (
      <>
        an app on this computer <code className="text-sm text-soft">{redirect.host}:</code>
      </>
    )
  return <b className="font-semibold">{redirect.host}</b>
}
