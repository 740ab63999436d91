import { limits } from '@keyward/contract/limits'
import { CheckField, CheckList } from '../../components/form/check-field.tsx'
import { ListField } from '../../components/form/list-field.tsx'
import { TextField } from '../../components/form/text-field.tsx'
import { presetOf } from '../credentials/presets.ts'
import { type GrantValues, methods } from './grant-values.ts'
import { HolderFields } from './holder-fields.tsx'

interface GrantFieldsProps {
  readonly kind: string
  readonly provider: string | null
  readonly values: GrantValues
  readonly set: <Key extends keyof GrantValues>(key: Key) => (value: GrantValues[Key]) => void
}

/** Scope, life and limits of a grant. */
export function GrantFields({ kind, provider, values, set }: GrantFieldsProps) {
  return (
    <>
      {kind === 'http' ? (
        <>
          <CheckList
            label="Methods"
            pointer="/scope/methods"
            values={values.methods}
            onChange={set('methods')}
            choices={methods.map((value) => ({ value, text: value }))}
          />
          <ListField
            label="Paths"
            pointer="/scope/paths"
            hint="* stands for one segment, ** at the end for the rest."
            placeholder="/v1/customers/*"
            suggestions={['/**']}
            values={values.paths}
            onChange={set('paths')}
          />
        </>
      ) : (
        <>
          <ListField
            label="Models"
            pointer="/scope/models"
            hint="Ids, with one star at the end at most; * is every model."
            placeholder="gpt-4.1-mini"
            suggestions={[...(presetOf(provider)?.models ?? []), '*'].filter((model, at, all) => all.indexOf(model) === at)}
            values={values.models}
            onChange={set('models')}
          />
          <ListField
            label="Operations"
            optional
            pointer="/scope/operations"
            hint="Left empty: all that run a model, and the list of models."
            suggestions={['chat', 'responses', 'messages', 'embeddings', 'models', 'files.read', 'files.write']}
            values={values.operations}
            onChange={set('operations')}
          />
        </>
      )}
      <TextField
        label="A token lives, in minutes"
        type="number"
        min={limits.tokenSecondsMin / 60}
        max={limits.tokenSecondsMax / 60}
        step="any"
        pointer="/ttl_seconds"
        hint="Minutes, not days: whoever steals it has little time."
        value={values.ttlMinutes}
        onChange={set('ttlMinutes')}
      />
      <TextField
        label="The grant itself ends"
        optional
        type="datetime-local"
        pointer="/expires_at"
        value={values.expires}
        onChange={set('expires')}
      />
      <fieldset className="grid gap-4 sm:col-span-2 sm:grid-cols-4">
        <legend className="mb-2 text-sm font-medium">
          Limits <span className="font-normal text-soft">(optional)</span>
        </legend>
        <TextField
          label="Calls a minute"
          optional
          type="number"
          min={1}
          pointer="/limits/requests_per_minute"
          value={values.requestsPerMinute}
          onChange={set('requestsPerMinute')}
        />
        {kind !== 'http' && (
          <TextField
            label="Tokens a minute"
            optional
            type="number"
            min={1}
            pointer="/limits/tokens_per_minute"
            value={values.tokensPerMinute}
            onChange={set('tokensPerMinute')}
          />
        )}
        <TextField
          label="Calls at once"
          optional
          type="number"
          min={1}
          pointer="/limits/concurrent"
          value={values.concurrent}
          onChange={set('concurrent')}
        />
        {kind !== 'http' && (
          <TextField
            label="Output tokens"
            optional
            type="number"
            min={1}
            pointer="/limits/max_output_tokens"
            value={values.maxOutputTokens}
            onChange={set('maxOutputTokens')}
          />
        )}
      </fieldset>
      <HolderFields values={values} set={set} />
      <CheckField
        label="Streams may outlive their token"
        hint="Never a revocation."
        checked={values.streamsOutlive}
        onChange={set('streamsOutlive')}
      />
    </>
  )
}
