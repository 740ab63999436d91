import { join } from 'node:path'
import { configurationFolder } from '@keyward/server/config'
import type { JWK } from 'jose'
import { readPrivateFile, writePrivateFile } from '../connection/private-file.ts'
import { openKeyStore } from './keyring.ts'

/** Who this machine may act as: made by `keyward workload enroll`, kept in the OS keyring or a 0600 file. */
export interface Enrolment {
  readonly origin: string
  readonly workload: string
  /** Private JWK (EC P-256). */
  readonly key: JWK
}

/** The workloads that this machine may act as. The keys are in the key store; a list beside them says which there are. */
export interface Enrolments {
  /** For people: where the private keys are. */
  readonly place: string
  read(origin: string, workload: string): Promise<Enrolment | undefined>
  write(enrolment: Enrolment): Promise<void>
  remove(origin: string, workload: string): Promise<void>
  /** Workloads enrolled at a server, oldest first. */
  workloadsAt(origin: string): string[]
}

interface Listed {
  readonly origin: string
  readonly workload: string
}

export function openEnrolments(env: Readonly<Record<string, string | undefined>>): Enrolments {
  const folder = configurationFolder(env)
  const store = openKeyStore(join(folder, 'workloads'), env)
  const listFile = join(folder, 'workloads.json')
  const listed = (): Listed[] => JSON.parse(readPrivateFile(listFile) ?? '[]') as Listed[]
  const others = (origin: string, workload: string) => listed().filter((one) => one.origin !== origin || one.workload !== workload)
  const nameOf = (origin: string, workload: string) => `${workload} ${origin}`
  return {
    place: store.place,
    async read(origin, workload) {
      const text = await store.read(nameOf(origin, workload))
      return text === undefined ? undefined : (JSON.parse(text) as Enrolment)
    },
    async write(enrolment) {
      const { origin, workload } = enrolment
      await store.write(nameOf(origin, workload), JSON.stringify(enrolment))
      writePrivateFile(listFile, `${JSON.stringify([...others(origin, workload), { origin, workload }], null, 2)}\n`)
    },
    async remove(origin, workload) {
      writePrivateFile(listFile, `${JSON.stringify(others(origin, workload), null, 2)}\n`)
      await store.remove(nameOf(origin, workload))
    },
    workloadsAt: (origin) => listed().flatMap((one) => (one.origin === origin ? [one.workload] : [])),
  }
}
