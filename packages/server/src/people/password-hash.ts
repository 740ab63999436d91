import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { KeywardError } from '@keyward/contract/errors'

/** Cost of scrypt (RFC 7914): memory is 128 * 2^logN * r bytes. */
export interface HashCost {
  readonly logN: number
  readonly r: number
  readonly p: number
}

/** 64 MiB, twice (OWASP Password Storage, scrypt): some 0.3 s of one core. */
const defaultCost: HashCost = { logN: 16, r: 8, p: 2 }
const saltBytes = 16
const hashBytes = 32
/** A stored text asks for no more memory than this, whoever wrote it. */
const memoryBytesMax = 256 * 1024 * 1024

/**
 * Hashes and checks passwords with scrypt, off the event loop. Few at a time: each takes 64 MiB and a core, so a flood of sign-ins waits
 * in line and is turned away where the line is long, and the gateway beside it goes on.
 */
export class PasswordHasher {
  readonly #cost: HashCost
  readonly #runningMax: number
  readonly #waitingMax: number
  readonly #waiting: (() => void)[] = []
  readonly #decoy: string
  #running = 0

  constructor(options: { cost?: HashCost; runningMax?: number; waitingMax?: number } = {}) {
    this.#cost = options.cost ?? defaultCost
    this.#runningMax = options.runningMax ?? 2
    this.#waitingMax = options.waitingMax ?? 40
    this.#decoy = format(this.#cost, randomBytes(saltBytes), randomBytes(hashBytes))
  }

  /** `$scrypt$ln=16,r=8,p=2$SALT$HASH` (PHC string format). @throws KeywardError `too-many-requests` where the line is long */
  async hash(password: string): Promise<string> {
    const salt = randomBytes(saltBytes)
    return format(this.#cost, salt, await this.#derive(password, salt, this.#cost))
  }

  /**
   * Whether the password is the one of `stored`. With no stored hash (no such user, or none set) it takes as long and says no.
   * @throws KeywardError `too-many-requests` where the line is long
   */
  async verify(password: string, stored: string | undefined): Promise<{ readonly right: boolean; readonly outdated: boolean }> {
    const parsed = parse(stored ?? this.#decoy)
    if (parsed === undefined) throw new Error('a stored password hash is damaged')
    const derived = await this.#derive(password, parsed.salt, parsed.cost)
    const right = timingSafeEqual(derived, parsed.hash) && stored !== undefined
    const { logN, r, p } = parsed.cost
    return { right, outdated: logN !== this.#cost.logN || r !== this.#cost.r || p !== this.#cost.p }
  }

  async #derive(password: string, salt: Buffer, { logN, r, p }: HashCost): Promise<Buffer> {
    if (this.#running >= this.#runningMax) {
      if (this.#waiting.length >= this.#waitingMax)
        throw new KeywardError('too-many-requests', undefined, { extra: { retryAfterSeconds: 5 } })
      // Whoever ends hands its place over, so `running` stays as it is.
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    } else this.#running++
    try {
      return await new Promise<Buffer>((resolve, reject) => {
        const options = { N: 2 ** logN, r, p, maxmem: memoryBytesMax + 1024 * 1024 }
        scrypt(normalise(password), salt, hashBytes, options, (error, key) => (error ? reject(error) : resolve(key)))
      })
    } finally {
      const next = this.#waiting.shift()
      if (next) next()
      else this.#running--
    }
  }
}

/** The same password typed on another keyboard (NIST SP 800-63B, section 3.1.1.2). */
function normalise(password: string): string {
  return password.normalize('NFKC')
}

function format({ logN, r, p }: HashCost, salt: Buffer, hash: Buffer): string {
  const base64 = (bytes: Buffer) => bytes.toString('base64').replace(/=+$/, '')
  return `$scrypt$ln=${logN},r=${r},p=${p}$${base64(salt)}$${base64(hash)}`
}

function parse(text: string): { cost: HashCost; salt: Buffer; hash: Buffer } | undefined {
  const match = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{22})\$([A-Za-z0-9+/]{43})$/.exec(text)
  if (match === null) return undefined
  const cost = { logN: Number(match[1]), r: Number(match[2]), p: Number(match[3]) }
  if (128 * 2 ** cost.logN * cost.r > memoryBytesMax) return undefined
  return { cost, salt: Buffer.from(match[4] ?? '', 'base64'), hash: Buffer.from(match[5] ?? '', 'base64') }
}
