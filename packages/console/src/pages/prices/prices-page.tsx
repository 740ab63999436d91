import { useAct } from '../../api/act.ts'
import { api } from '../../api/client.ts'
import { Amount } from '../../components/amount.tsx'
import { Button } from '../../components/button.tsx'
import { DialogActions } from '../../components/dialog.tsx'
import { Form } from '../../components/form/form.tsx'
import { TextField } from '../../components/form/text-field.tsx'
import { useFields } from '../../components/form/use-fields.ts'
import { CreateButton } from '../../components/inventory/create-button.tsx'
import { DeleteButton } from '../../components/inventory/delete-button.tsx'
import { ListPage } from '../../components/inventory/list-page.tsx'
import { Moment } from '../../components/moment.tsx'
import { Empty } from '../../components/page.tsx'
import { say } from '../../components/toast.tsx'
import { usdPattern } from '../../format/money.ts'

export default function PricesPage() {
  const create = (
    <CreateButton
      needs="price:create"
      text="Set a price"
      description="Goes before the built-in table: for contracts, private models and models it doesn't know."
    >
      {(close) => <PriceForm onClose={close} />}
    </CreateButton>
  )
  return (
    <ListPage
      list="prices"
      title="Prices"
      lead="Prices of your own, in US dollars a million tokens. Everything else comes from the built-in table. A model without a price is refused where there is a budget."
      actions={create}
      keyOf={(price) => price.id}
      columns={[
        { title: 'Model', cell: (price) => <code>{price.model}</code> },
        { title: 'Provider', cell: (price) => price.provider },
        { title: 'Input', cell: (price) => <Amount usd={price.input_usd_per_million} />, right: true },
        { title: 'Output', cell: (price) => <Amount usd={price.output_usd_per_million} />, right: true },
        {
          title: 'Cached input',
          cell: (price) => price.cached_input_usd_per_million && <Amount usd={price.cached_input_usd_per_million} />,
          right: true,
          wideOnly: true,
        },
        { title: 'A call', cell: (price) => price.request_usd && <Amount usd={price.request_usd} />, right: true, wideOnly: true },
        { title: 'Set', cell: (price) => <Moment at={price.updated_at} />, tight: true },
        {
          title: 'Remove',
          act: true,
          right: true,
          cell: (price) => (
            <DeleteButton
              needs="price:delete"
              small
              text="Remove"
              name={`price of ${price.model}`}
              consequence="The built-in table counts again. What is settled stays as it is."
              act={() => api.prices.delete(price.id)}
            />
          ),
        },
      ]}
      empty={
        <Empty title="No price of your own" action={create}>
          The built-in table knows the public prices of the big providers.
        </Empty>
      }
    />
  )
}

const amounts = [
  ['input_usd_per_million', 'Input', false],
  ['output_usd_per_million', 'Output', false],
  ['cached_input_usd_per_million', 'Cached input', true],
  ['cache_write_usd_per_million', 'Cache writes', true],
  ['request_usd', 'Each call', true],
] as const

function PriceForm({ onClose }: { readonly onClose: () => void }) {
  const { values, set } = useFields({
    provider: 'openai',
    model: '',
    input_usd_per_million: '',
    output_usd_per_million: '',
    cached_input_usd_per_million: '',
    cache_write_usd_per_million: '',
    request_usd: '',
  })
  const create = useAct(() => {
    const optional = Object.fromEntries(amounts.flatMap(([key, , left]) => (left && values[key] !== '' ? [[key, values[key]]] : [])))
    return api.prices.create({
      provider: values.provider,
      model: values.model,
      input_usd_per_million: values.input_usd_per_million,
      output_usd_per_million: values.output_usd_per_million,
      ...optional,
    })
  })
  return (
    <Form
      label="Set a price"
      failure={create.failure}
      onSubmit={async () => {
        if (!(await create.run())) return
        say('The price counts from now on.')
        onClose()
      }}
    >
      <div className="grid gap-4 sm:grid-cols-2">
        <TextField label="Provider" pointer="/provider" value={values.provider} onChange={set('provider')} />
        <TextField
          label="Model"
          pointer="/model"
          hint="One star at the end at most."
          placeholder="our-model-*"
          value={values.model}
          onChange={set('model')}
          autoFocus
        />
        {amounts.map(([key, label, optional]) => (
          <TextField
            key={key}
            label={key === 'request_usd' ? `${label}, $` : `${label}, $ a million tokens`}
            optional={optional}
            inputMode="decimal"
            pattern={usdPattern}
            pointer={`/${key}`}
            value={values[key]}
            onChange={set(key)}
          />
        ))}
      </div>
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" look="primary" pending={create.pending}>
          Set the price
        </Button>
      </DialogActions>
    </Form>
  )
}
