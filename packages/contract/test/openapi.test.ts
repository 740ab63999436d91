import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, test } from 'vitest'
import { errorDefinitions } from '../src/errors.ts'
import { openApiDocument } from '../src/openapi.ts'
import { allRoutes } from '../src/routes.ts'

interface Operation {
  readonly operationId: string
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly required: boolean; readonly schema: object }[]
  readonly requestBody?: { readonly content: Record<string, { readonly schema: object }> }
  readonly responses: Record<string, { readonly description: string; readonly content?: Record<string, { readonly schema: object }> }>
  readonly security?: readonly object[]
}

interface Document {
  readonly openapi: string
  readonly paths: Record<string, Record<string, Operation>>
  readonly components: { readonly schemas: Record<string, object> }
}

const document = openApiDocument() as unknown as Document
/** The document as one schema of which every part can be compiled. */
const ajv = new Ajv2020({ strict: false, validateFormats: false, unicodeRegExp: true })
ajv.addSchema(document, 'keyward')

describe('the OpenAPI document', () => {
  test('has an operation for each route and no other', () => {
    const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { operationId }]) => `${operationId} ${method.toUpperCase()} ${path}`),
    )
    expect(operations.sort()).toEqual(
      allRoutes()
        .map((route) => `${route.id} ${route.method} ${route.path}`)
        .sort(),
    )
  })

  test('holds schemas that a JSON Schema 2020-12 validator takes, with no reference into nothing', () => {
    for (const name of Object.keys(document.components.schemas)) {
      expect(() => ajv.compile({ $ref: `keyward#/components/schemas/${name}` }), name).not.toThrow()
    }
    expect(JSON.stringify(document)).not.toContain('$defs')
  })

  test('says for public routes, and for them alone, that nobody has to be signed in', () => {
    for (const route of allRoutes()) {
      const security = operationOf(route.id).security
      expect([route.id, security]).toEqual([route.id, route.access === 'public' ? [] : undefined])
    }
  })

  test('never asks a client to send what is only shown, and marks what is shown once', () => {
    const text = JSON.stringify(document.components.schemas.Identity)
    expect(text).toContain('"x-keyward-shown-once":true')
    expect(JSON.stringify(document.components.schemas.Credential)).not.toContain('"secret"')
  })
})

describe.each(allRoutes().map((route) => ({ name: route.id, route })))('$name', ({ route }) => {
  const operation = operationOf(route.id)

  test('names each parameter where it goes', () => {
    const named = (place: string) => (operation.parameters ?? []).filter((one) => one.in === place).map((one) => one.name)
    expect(named('path').sort()).toEqual([...route.path.matchAll(/\{([a-z_]+)\}/g)].map(([, name]) => name).sort())
    expect(named('query').sort()).toEqual(Object.keys(route.query?.shape ?? {}).sort())
    expect(named('header')).toEqual([...(route.idempotent ? ['Idempotency-Key'] : []), ...(route.etag === 'needs' ? ['If-Match'] : [])])
  })

  test('describes its success and every error that it declares', () => {
    const success = operation.responses[String(route.status)]
    expect(success?.content?.['application/json'] !== undefined).toBe(route.answer !== undefined)
    expect(operation.requestBody !== undefined).toBe(route.body !== undefined)
    for (const code of route.errors) {
      expect(operation.responses[String(errorDefinitions[code].status)]?.description, code).toContain(`\`${code}\``)
    }
  })
})

function operationOf(id: string): Operation {
  const operation = Object.values(document.paths)
    .flatMap((methods) => Object.values(methods))
    .find((one) => one.operationId === id)
  if (!operation) throw new Error(`no operation ${id}`)
  return operation
}
