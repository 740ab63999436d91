export interface FakeModel {
  id: string
  name: string
  created: string
  outputTokensMax: number
}

/** Names of real models, so that real price lists know them. Newest first, as the API lists them. */
export const anthropicModels: readonly FakeModel[] = [
  { id: 'claude-opus-4-5-20251101', name: 'Claude Opus 4.5', created: '2025-11-24T00:00:00Z', outputTokensMax: 64_000 },
  { id: 'claude-haiku-4-5-20251001', name: 'Claude Haiku 4.5', created: '2025-10-15T00:00:00Z', outputTokensMax: 64_000 },
  { id: 'claude-sonnet-4-5-20250929', name: 'Claude Sonnet 4.5', created: '2025-09-29T00:00:00Z', outputTokensMax: 64_000 },
  { id: 'claude-opus-4-1-20250805', name: 'Claude Opus 4.1', created: '2025-08-05T00:00:00Z', outputTokensMax: 32_000 },
  { id: 'claude-sonnet-4-20250514', name: 'Claude Sonnet 4', created: '2025-05-22T00:00:00Z', outputTokensMax: 64_000 },
  { id: 'claude-3-5-haiku-20241022', name: 'Claude Haiku 3.5', created: '2024-10-22T00:00:00Z', outputTokensMax: 8192 },
]

/** A model by its dated name or its alias without the date (`claude-sonnet-4-5`, `claude-sonnet-4-0`, `claude-3-5-haiku-latest`). */
export function modelNamed(name: string): FakeModel | undefined {
  const bare = name.replace(/-(latest|0)$/, '')
  return anthropicModels.find((model) => model.id === name || model.id.replace(/-\d{8}$/, '') === bare)
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
