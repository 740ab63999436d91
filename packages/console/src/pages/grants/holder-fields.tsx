import { assuranceLevels } from '@keyward/contract/words'
import { ChoiceCards } from '../../components/form/choice-cards.tsx'
import { SelectField } from '../../components/form/select-field.tsx'
import { PlainCode } from '../../components/plain-code.tsx'
import { assuranceMeaning, word } from '../../format/words.ts'
import { DelegatesField } from './delegates-field.tsx'
import type { GrantValues } from './grant-values.ts'

interface HolderFieldsProps {
  readonly values: GrantValues
  readonly set: <Key extends keyof GrantValues>(key: Key) => (value: GrantValues[Key]) => void
}

/** Who may hold tokens of a grant: how surely they proved who they are, what the token is bound to, and who else may act under it. */
export function HolderFields({ values, set }: HolderFieldsProps) {
  const bound = values.requireDpop && values.requireMtls ? 'both' : values.requireDpop ? 'dpop' : values.requireMtls ? 'mtls' : 'nothing'
  return (
    <>
      <div className="sm:col-span-2">
        <ChoiceCards
          label="Its holder must have proved who it is, at least"
          value={values.minimumAssurance}
          onChange={set('minimumAssurance')}
          choices={[
            { value: '', title: 'In any way', text: 'a shared secret will do, and so will a token that is minted by hand' },
            ...assuranceLevels
              .filter((level) => level !== 'shared_secret')
              .map((level) => ({ value: level, title: word(level), text: assuranceMeaning[level] ?? '' })),
          ]}
        />
      </div>
      <SelectField
        label="A token must be bound to"
        pointer={bound === 'mtls' ? '/require_mtls' : '/require_dpop'}
        hint={<PlainCode text={hints[bound]} />}
        value={bound}
        onChange={(next) => {
          set('requireDpop')(next === 'dpop')
          set('requireMtls')(next === 'mtls')
        }}
        choices={[
          { value: 'nothing', text: 'nothing: bearer will do' },
          { value: 'dpop', text: 'a key (DPoP, RFC 9449)' },
          { value: 'mtls', text: 'a client certificate (RFC 8705)' },
          // A token is bound to one of the two, so this can only have come from elsewhere.
          ...(bound === 'both' ? [{ value: 'both' as const, text: 'both, which no token can be' }] : []),
        ]}
      />
      <DelegatesField values={values.delegates} onChange={set('delegates')} />
    </>
  )
}

const hints = {
  nothing: 'Whoever has a stolen token can use it until it ends.',
  dpop: 'A stolen token is useless without the key. `keyward run` does it by itself; plain SDKs can’t.',
  mtls: 'The same certificate at the token endpoint and at each call. Needs TLS that ends at Keyward or at a trusted proxy.',
  both: 'Choose one of the two.',
} as const
