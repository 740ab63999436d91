export interface FakeModel {
  id: string
  name: string
  created: string
  outputTokensMax: number
}

/** Names of real models, so that real price lists know them; their dates and limits only look real. Newest first, as the API lists them. */
export const anthropicModels: readonly FakeModel[] = [
  { id: 'claude-sonnet-5', name: 'Claude Sonnet 5', created: '2026-05-05T00:00:00Z', outputTokensMax: 128_000 },
  { id: 'claude-opus-4-8', name: 'Claude Opus 4.8', created: '2026-04-28T00:00:00Z', outputTokensMax: 128_000 },
  { id: 'claude-opus-4-7', name: 'Claude Opus 4.7', created: '2026-04-14T00:00:00Z', outputTokensMax: 128_000 },
  { id: 'claude-sonnet-4-6', name: 'Claude Sonnet 4.6', created: '2026-02-17T00:00:00Z', outputTokensMax: 64_000 },
  { id: 'claude-opus-4-6', name: 'Claude Opus 4.6', created: '2026-02-04T00:00:00Z', outputTokensMax: 128_000 },
  { id: 'claude-opus-4-5-20251101', name: 'Claude Opus 4.5', created: '2025-11-24T00:00:00Z', outputTokensMax: 64_000 },
  { id: 'claude-haiku-4-5-20251001', name: 'Claude Haiku 4.5', created: '2025-10-15T00:00:00Z', outputTokensMax: 64_000 },
  { id: 'claude-sonnet-4-5-20250929', name: 'Claude Sonnet 4.5', created: '2025-09-29T00:00:00Z', outputTokensMax: 64_000 },
]

/** A model by its dated name or its alias without the date (`claude-sonnet-4-5`). */
export function modelNamed(name: string): FakeModel | undefined {
  return anthropicModels.find((model) => model.id === name || model.id.replace(/-\d{8}$/, '') === name)
}

/** As `GET /v1/models` lists it. */
export function modelObject(model: FakeModel) {
  return {
    type: 'model' as const,
    id: model.id,
    display_name: model.name,
    created_at: model.created,
    capabilities: null,
    deprecated_at: null,
    lifecycle: 'active' as const,
    line: null,
    max_input_tokens: 200_000,
    max_tokens: model.outputTokensMax,
    retires_at: null,
  }
}
