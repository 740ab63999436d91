import type { Database } from '../../db/database.ts'
import type { EgressAnswer, EgressRequest } from '../../egress/request.ts'
import { refusedClientAddress } from './client-address.ts'
import { ClientRefused, type ConnectingClient, commandLine, commandLineId } from './connecting-client.ts'
import { DocumentStore } from './document-store.ts'

interface Deps {
  readonly db: Database
  readonly egress: { request(request: EgressRequest): Promise<EgressAnswer> }
  /** True where this server itself listens on loopback with plain http: clients there may do the same. */
  readonly loopback: boolean
  monotonicMs(): number
}

/** The clients that may ask to act for a person: registered ones, workloads, those that bring a metadata document, and the command line. */
export class Clients {
  readonly #deps: Deps
  readonly #documents: DocumentStore

  constructor(deps: Deps) {
    this.#deps = deps
    this.#documents = new DocumentStore(deps)
  }

  /** @throws ClientRefused */
  async find(id: string): Promise<ConnectingClient> {
    if (id === commandLineId) return commandLine
    if (/^(?:cli|wl)_[0-9a-z]{26}$/.test(id)) return await this.#registered(id)
    const why = refusedClientAddress(id, this.#deps)
    if (why !== undefined)
      throw new ClientRefused(`The client_id is neither a client that is registered here nor the address of a client's document: ${why}`)
    return await this.#documents.find(id)
  }

  /** Whether a client may still be dealt with. One with a document is asked for it when it asks a person, not afterwards. */
  async isActive(id: string): Promise<boolean> {
    if (id === commandLineId) return true
    if (/^(?:cli|wl)_/.test(id)) return (await this.#row(id)) !== undefined
    return refusedClientAddress(id, this.#deps) === undefined
  }

  async #registered(id: string): Promise<ConnectingClient> {
    const row = await this.#row(id)
    if (row === undefined) throw new ClientRefused('The client is not registered here, or was revoked: ask an administrator')
    return {
      kind: row.workload_id === null ? 'registered' : 'workload',
      id,
      name: row.name,
      host: null,
      redirectUris: row.redirect_uris,
    }
  }

  async #row(id: string) {
    const workload = id.startsWith('wl_')
    return await this.#deps.db
      .selectFrom('oauth_clients')
      .select(['name', 'redirect_uris', 'workload_id'])
      .where(workload ? 'workload_id' : 'id', '=', id)
      .where('state', '=', 'active')
      // A workload is known by its own id alone, so that nobody can do without its authentication.
      .$if(!workload, (query) => query.where('workload_id', 'is', null))
      .executeTakeFirst()
  }
}
