export interface FakeModel {
  id: string
  created: number
  /** Spends hidden reasoning tokens before it answers. */
  reasoning: boolean
  use: 'chat' | 'completion' | 'embedding' | 'speech' | 'transcription' | 'image' | 'moderation'
}

/** Names of real models, so that real price lists know them. */
export const openaiModels: readonly FakeModel[] = [
  { id: 'gpt-4o', created: 1_715_367_049, reasoning: false, use: 'chat' },
  { id: 'gpt-4o-mini', created: 1_721_172_741, reasoning: false, use: 'chat' },
  { id: 'gpt-4.1', created: 1_744_316_542, reasoning: false, use: 'chat' },
  { id: 'gpt-4.1-mini', created: 1_744_318_173, reasoning: false, use: 'chat' },
  { id: 'gpt-5', created: 1_754_425_777, reasoning: true, use: 'chat' },
  { id: 'gpt-5-mini', created: 1_754_425_928, reasoning: true, use: 'chat' },
  { id: 'gpt-5.1', created: 1_762_800_673, reasoning: true, use: 'chat' },
  { id: 'gpt-5.2', created: 1_765_313_051, reasoning: true, use: 'chat' },
  { id: 'gpt-5.4-mini', created: 1_773_451_123, reasoning: true, use: 'chat' },
  { id: 'gpt-5.5', created: 1_776_902_400, reasoning: true, use: 'chat' },
  { id: 'o4-mini', created: 1_744_225_351, reasoning: true, use: 'chat' },
  { id: 'gpt-3.5-turbo-instruct', created: 1_692_901_427, reasoning: false, use: 'completion' },
  { id: 'text-embedding-3-small', created: 1_705_948_997, reasoning: false, use: 'embedding' },
  { id: 'text-embedding-3-large', created: 1_705_953_180, reasoning: false, use: 'embedding' },
  { id: 'gpt-4o-mini-tts', created: 1_742_403_959, reasoning: false, use: 'speech' },
  { id: 'tts-1', created: 1_681_940_951, reasoning: false, use: 'speech' },
  { id: 'gpt-4o-mini-transcribe', created: 1_742_068_596, reasoning: false, use: 'transcription' },
  { id: 'gpt-image-1', created: 1_745_517_030, reasoning: false, use: 'image' },
  { id: 'omni-moderation-latest', created: 1_731_689_265, reasoning: false, use: 'moderation' },
]

/** A model by its name or by a dated name of it (`gpt-4o-2024-08-06`). */
export function modelNamed(name: string): FakeModel | undefined {
  return (
    openaiModels.find((model) => model.id === name) ??
    openaiModels.find((model) => name.startsWith(`${model.id}-`) && /^\d{4}-\d{2}-\d{2}$/.test(name.slice(model.id.length + 1)))
  )
}

/** As `GET /v1/models` lists it. */
export function modelObject(model: FakeModel) {
  return { id: model.id, object: 'model' as const, created: model.created, owned_by: 'system' }
}
