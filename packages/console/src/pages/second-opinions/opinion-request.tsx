import type { SecondOpinion } from '@keyward/contract/second-opinions'

/** What is asked, in words: the act, and each field of it. */
export function OpinionRequest({ opinion }: { readonly opinion: SecondOpinion }) {
  return (
    <section aria-label="The request" className="rounded-md border border-line bg-sunken px-3.5 py-3">
      <p className="font-medium">{opinion.summary}</p>
      {opinion.details.length > 0 && (
        <dl className="mt-2 grid gap-x-5 gap-y-1.5 text-sm sm:grid-cols-[minmax(6rem,auto)_1fr]">
          {opinion.details.map(({ name, value }) => (
            <div key={name} className="grid sm:col-span-2 sm:grid-cols-subgrid">
              <dt className="text-soft">{name.replaceAll('_', ' ')}</dt>
              <dd className="min-w-0 break-words whitespace-pre-wrap">{value}</dd>
            </div>
          ))}
        </dl>
      )}
      <p className="mt-2 font-mono text-xs text-soft">{opinion.action}</p>
    </section>
  )
}
