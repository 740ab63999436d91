import { type GrantScope, operationsToName } from '@keyward/contract/grants'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { pathFits } from '../../src/gateway/http/paths.ts'
import { anthropic } from '../../src/gateway/llm/anthropic.ts'
import { modelAllowed } from '../../src/gateway/llm/models.ts'
import { openai } from '../../src/gateway/llm/openai.ts'
import { narrowed, whyWider } from '../../src/policy/narrow.ts'

const segment = fc.constantFrom('a', 'b', 'v1', '*', '')
const path = fc.array(fc.constantFrom('a', 'b', 'v1', ''), { minLength: 1, maxLength: 4 }).map((parts) => `/${parts.join('/')}`)
const pattern = fc
  .tuple(fc.array(segment, { minLength: 1, maxLength: 4 }), fc.boolean())
  .map(([parts, open]) => `/${[...parts, ...(open ? ['**'] : [])].join('/')}`)
const model = fc.string({ unit: fc.constantFrom('g', 'p', 't', '-'), maxLength: 5 })
const modelPattern = fc.tuple(model, fc.boolean()).map(([text, star]) => text + (star ? '*' : ''))

describe('a scope that is taken for narrower', () => {
  it('lets no path through that the wider one refuses', () => {
    fc.assert(
      fc.property(
        fc.array(pattern, { minLength: 1, maxLength: 3 }),
        fc.array(pattern, { minLength: 1, maxLength: 3 }),
        fc.array(path, { maxLength: 20 }),
        (asked, granted, paths) => {
          const scope = (list: string[]): GrantScope => ({ methods: ['GET'], paths: list })
          if (whyWider(scope(asked), scope(granted)) !== undefined) return
          for (const one of paths)
            if (asked.some((fits) => pathFits(one, fits))) expect([one, granted.some((fits) => pathFits(one, fits))]).toEqual([one, true])
        },
      ),
      { numRuns: 5_000 },
    )
  })

  it('lets no model through that the wider one refuses', () => {
    fc.assert(
      fc.property(
        fc.array(modelPattern, { minLength: 1, maxLength: 3 }),
        fc.array(modelPattern, { minLength: 1, maxLength: 3 }),
        fc.array(model, { maxLength: 20 }),
        (asked, granted, models) => {
          if (whyWider({ models: asked }, { models: granted }) !== undefined) return
          for (const one of models) if (modelAllowed(one, asked)) expect([one, modelAllowed(one, granted)]).toEqual([one, true])
        },
      ),
      { numRuns: 5_000 },
    )
  })
})

it.each<[GrantScope, GrantScope, string]>([
  [{ models: ['gpt-4.1'] }, { methods: ['GET'], paths: ['/**'] }, 'another kind'],
  [{ methods: ['GET'], paths: ['/**'] }, { models: ['*'] }, 'another kind'],
  [{ methods: ['GET', 'POST'], paths: ['/a'] }, { methods: ['GET'], paths: ['/**'] }, 'method POST'],
  [{ models: ['*'], operations: ['files.read'] }, { models: ['*'] }, 'operation files.read'],
  [{ models: ['*'], operations: ['chat', 'embeddings'] }, { models: ['*'], operations: ['chat'] }, 'operation embeddings'],
])('%j is not within %j', (asked, granted, why) => {
  expect(whyWider(asked, granted)).toContain(why)
})

it('what is left open is taken from what is granted, and not from what a grant without operations leaves out', () => {
  expect(narrowed({ models: ['a'] }, { models: ['*'], operations: ['chat'] })).toEqual({ models: ['a'], operations: ['chat'] })
  expect(narrowed({ models: ['a'] }, { models: ['*'] })).toEqual({ models: ['a'] })
})

it('the operations that a grant has to name are those of the vendors that are not for all', () => {
  const calls = ['GET', 'POST', 'DELETE'].flatMap((method) =>
    [
      '/v1/files',
      '/v1/files/f',
      '/v1/files/f/content',
      '/v1/batches',
      '/v1/batches/b',
      '/v1/batches/b/cancel',
      '/v1/responses/r',
      '/v1/models',
      '/v1/models/m',
      '/v1/responses',
      '/v1/chat/completions',
      '/v1/messages',
      '/v1/messages/batches',
      '/v1/messages/batches/b',
      '/v1/messages/batches/b/cancel',
      '/v1/embeddings',
      '/v1/messages/count_tokens',
    ].flatMap((at) => [openai, anthropic].map((protocol) => protocol.operation(method, at))),
  )
  const known = calls.filter((one) => one !== undefined)
  expect(known.length).toBeGreaterThan(20)
  for (const operation of known)
    expect([operation.name, operationsToName.has(operation.name)]).toEqual([operation.name, !operation.byDefault])
})
