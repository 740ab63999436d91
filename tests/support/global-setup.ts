import { serverVariable } from './postgres.ts'
import { startTestServer } from './test-server.ts'

/** One PostgreSQL for the whole run, started before the first test and gone after the last (also where the run is killed). */
export default async function setup(): Promise<() => Promise<void>> {
  const server = await startTestServer()
  process.env[serverVariable] = JSON.stringify(server.connection)
  return () => server.stop()
}
