import { statfs } from 'node:fs/promises'
import type { DatabaseLog } from '../db/log.ts'

export type DiskState = 'enough' | 'low' | 'full' | 'exhausted'

export interface DiskWatermarks {
  /** Below this share or this many bytes free (whichever is reached last on a large disk, first on a small one), administrators are told. */
  readonly warnShare: number
  readonly warnBytes: number
  /** Below this many bytes free, calls that modify or spend are refused: what is left is for settles, revocations and the database's own needs. */
  readonly refuseBytes: number
  /** Below this many, every call is refused and refusals are counted without a record: a flood of either would take the rest. */
  readonly stopBytes: number
}

export const diskWatermarks: DiskWatermarks = {
  warnShare: 0.1,
  warnBytes: 5 * 2 ** 30,
  refuseBytes: 512 * 2 ** 20,
  stopBytes: 256 * 2 ** 20,
}

/** Free bytes and all bytes of the file system that holds `folder`, for whoever is not root. */
export async function diskSpace(folder: string): Promise<{ freeBytes: number; allBytes: number }> {
  const { bavail, blocks, bsize } = await statfs(folder)
  return { freeBytes: bavail * bsize, allBytes: blocks * bsize }
}

/** `low` where less than the warning's share and bytes are free, `full` below the reserve, `exhausted` below its last half. */
export function diskStateOf(space: { freeBytes: number; allBytes: number }, marks: DiskWatermarks = diskWatermarks): DiskState {
  if (space.freeBytes < marks.stopBytes) return 'exhausted'
  if (space.freeBytes < marks.refuseBytes) return 'full'
  return space.freeBytes < marks.warnBytes && space.freeBytes < space.allBytes * marks.warnShare ? 'low' : 'enough'
}

/**
 * Watches the disk under the database, where that is this machine's. A full disk must never be what ends the audit log: calls that modify
 * or spend are refused while there is still room to settle what runs.
 */
export class Disk {
  readonly #folder: string | undefined
  readonly #log: DatabaseLog
  readonly #read: (folder: string) => Promise<{ freeBytes: number; allBytes: number }>
  #state: DiskState = 'enough'

  /** @param folder the data folder; undefined where the database is elsewhere, whose disk others watch */
  constructor(folder: string | undefined, log: DatabaseLog, read = diskSpace) {
    this.#folder = folder
    this.#log = log
    this.#read = read
  }

  get state(): DiskState {
    return this.#state
  }

  /** False where calls that modify or spend have to be refused. */
  get mayWrite(): boolean {
    return this.#state !== 'full' && this.#state !== 'exhausted'
  }

  /** False where no call can be recorded any more, not even a refusal. */
  get mayRecord(): boolean {
    return this.#state !== 'exhausted'
  }

  async look(): Promise<DiskState> {
    if (this.#folder === undefined) return this.#state
    const space = await this.#read(this.#folder)
    const state = diskStateOf(space)
    if (state !== this.#state) this.#tell(state, space.freeBytes)
    this.#state = state
    return state
  }

  #tell(state: DiskState, freeBytes: number): void {
    const fields = { folder: this.#folder, free_mib: Math.floor(freeBytes / 2 ** 20) }
    if (state === 'exhausted')
      this.#log.error(fields, 'there is next to no room on the disk: every call is refused, and refusals are not recorded, until there is')
    else if (state === 'full')
      this.#log.error(fields, 'the disk is nearly full: calls that modify or spend are refused until there is room')
    else if (state === 'low') this.#log.warn(fields, 'the disk is getting full: make room, or keep the audit log for fewer days')
    else this.#log.info(fields, 'there is room on the disk again')
  }
}
