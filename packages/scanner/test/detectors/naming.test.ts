import { expect, test } from 'vitest'
import { type Case, formats } from '../../corpus/generate.ts'
import { Dice, makeSecret } from '../../corpus/shapes.ts'
import { detectors, outcome, scan } from './scanner.ts'

const seeds = ['unseen 1', 'unseen 2', 'unseen 3', 'unseen 4', 'unseen 5', 'unseen 6', 'unseen 7', 'unseen 8']
const all = formats()
const ai = detectors
  .filter(({ purpose, id }) => (purpose === 'model' || purpose === 'training') && all[id]?.public !== true && all[id]?.host === undefined)
  .map(({ id }) => id)

/**
 * A file as a project has it: ten keys of ten providers under each other, so that every key stands among the names of others, with
 * digests and identifiers between. Only the keys may be reported, each by its own provider's name.
 */
function crowded(seed: string, at: number): Case {
  const dice = new Dice(`${seed} ${at}`)
  const chosen = Array.from({ length: 10 }, () => dice.pick(ai))
  const expected: { detector: string; secret: string }[] = []
  const lines = chosen.map((detector, line) => {
    const format = all[detector]
    if (format === undefined) throw new Error(detector)
    const secret = makeSecret(dice.pick(format.shapes), `${seed} ${at} ${line}`, { seal: format.seal })
    expected.push({ detector, secret })
    const name = dice.pick(format.names)
    return dice.pick([
      `${name}=${secret}`,
      `export ${name}="${secret}"`,
      `  ${name}: ${secret}`,
      `"${name}": "${secret}",`,
      `os.environ['${name}'] = '${secret}'`,
    ])
  })
  lines.splice(5, 0, `commit ${dice.text('0123456789abcdef', 40)}`, `request_id=${dice.text('0123456789abcdef', 32)}`)
  return { name: `${seed} ${at}`, path: 'agent.env', text: `${lines.join('\n')}\n`, expect: expected, about: 'naming' }
}

test('names at least 95 % of AI keys that no one has seen by their own provider, and finds at least 99 %, in crowded files', () => {
  let keys = 0
  let found = 0
  let named = 0
  let extra = 0
  const wrong: string[] = []
  for (const seed of seeds) {
    for (let at = 0; at < 50; at++) {
      const one = crowded(seed, at)
      const matches = scan(one.text, one.path)
      const secrets = new Set(one.expect.map(({ secret }) => secret))
      extra += matches.filter((match) => match.judgement.verdict === 'secret' && !secrets.has(match.secret)).length
      for (const wanted of one.expect) {
        const { result, detail } = outcome({ ...one, expect: [wanted] }, matches, new Set())
        keys++
        if (result !== 'missed') found++
        if (result === 'named') named++
        else wrong.push(detail.slice(0, 300))
      }
    }
  }
  process.stdout.write(
    `naming: ${keys} unseen AI keys of ${ai.length} formats, ${((100 * found) / keys).toFixed(2)} % found, ${((100 * named) / keys).toFixed(2)} % by the right name, ${extra} others reported\n`,
  )
  expect(found / keys, wrong.slice(0, 10).join('\n')).toBeGreaterThanOrEqual(0.99)
  expect(named / keys, wrong.slice(0, 10).join('\n')).toBeGreaterThanOrEqual(0.95)
  expect(extra / keys).toBeLessThan(0.01)
})
