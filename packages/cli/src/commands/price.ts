import type { Command } from 'commander'
import { resourceCommand } from '../resource/command.ts'
import type { ResourceDefinition } from '../resource/definition.ts'
import { text } from '../resource/parsers.ts'

export const prices: ResourceDefinition = {
  name: 'price',
  plural: 'prices',
  group: 'prices',
  summary: 'Prices of your own, which go before the built-in table',
  key: 'id',
  acts: ['list', 'create', 'delete'],
  columns: [
    { title: 'ID', value: 'id', fit: 'whole' },
    { title: 'PROVIDER', value: 'provider', fit: 'whole' },
    { title: 'MODEL', value: 'model', fit: 'cut' },
    { title: 'INPUT', value: 'input_usd_per_million', fit: 'whole', align: 'right' },
    { title: 'OUTPUT', value: 'output_usd_per_million', fit: 'whole', align: 'right' },
    { title: 'CACHED INPUT', value: 'cached_input_usd_per_million', fit: 'whole', align: 'right' },
    { title: 'CACHE WRITE', value: 'cache_write_usd_per_million', fit: 'whole', align: 'right' },
    { title: 'REQUEST', value: 'request_usd', fit: 'whole', align: 'right' },
  ],
  filters: [],
  fields: [
    { flag: 'provider', value: 'provider', text: 'openai, anthropic, …', parse: text, required: true },
    { flag: 'model', value: 'model', text: 'a model, one star at the end allowed', parse: text, required: true },
    { flag: 'input-usd-per-million', value: 'amount', text: 'dollars a million input tokens', parse: text, required: true },
    { flag: 'output-usd-per-million', value: 'amount', text: 'dollars a million output tokens', parse: text, required: true },
    { flag: 'cached-input-usd-per-million', value: 'amount', text: 'dollars a million cached input tokens', parse: text },
    { flag: 'cache-write-usd-per-million', value: 'amount', text: 'dollars a million tokens written to the cache', parse: text },
    { flag: 'request-usd', value: 'amount', text: 'dollars a request, on top', parse: text },
  ],
  whenEmpty: 'No prices of your own: the built-in table is used. Next, for a private model: keyward price create --help',
}

export function priceCommand(): Command {
  return resourceCommand(prices)
}
