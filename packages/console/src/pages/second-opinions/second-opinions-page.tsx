import type { SecondOpinion } from '@keyward/contract/second-opinions'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { Badge, type Tone } from '../../components/badge.tsx'
import { PagedTable } from '../../components/inventory/paged-table.tsx'
import { Moment } from '../../components/moment.tsx'
import { Empty, PageFrame } from '../../components/page.tsx'
import { OpinionDialog } from './opinion-dialog.tsx'

export const stateWords: Readonly<Record<SecondOpinion['state'], readonly [string, Tone]>> = {
  open: ['Waits', 'brass'],
  approved: ['Approved', 'ok'],
  refused: ['Refused', 'danger'],
  used: ['Done', 'neutral'],
  ended: ['Nobody decided or used it', 'neutral'],
}

/** Dangerous acts that wait for another admin, and those that were decided. */
export default function SecondOpinionsPage() {
  const { id } = useSearch({ strict: false }) as { id?: string }
  const navigate = useNavigate()
  const open = (next: string | undefined) =>
    void navigate({ to: '/second-opinions', search: next === undefined ? {} : { id: next } } as Parameters<typeof navigate>[0])
  return (
    <PageFrame
      title="Second opinions"
      lead="Dangerous acts of one admin that wait for the yes of another. Look at what exactly is asked before you decide."
    >
      <PagedTable
        list="secondOpinions"
        filters={{}}
        label="Second opinions"
        keyOf={(opinion) => opinion.id}
        columns={[
          {
            title: 'What',
            cell: (opinion) => (
              <button type="button" className="text-left font-semibold hover:underline" onClick={() => open(opinion.id)}>
                {opinion.summary}
              </button>
            ),
          },
          { title: 'Asked by', cell: (opinion) => (opinion.yours ? `${opinion.asked_by.name} (you)` : opinion.asked_by.name) },
          { title: 'Asked', cell: (opinion) => <Moment at={opinion.asked_at} />, tight: true },
          {
            title: 'State',
            tight: true,
            cell: ({ state }) => {
              const [text, tone] = stateWords[state]
              return <Badge tone={tone}>{text}</Badge>
            },
          },
        ]}
        empty={
          <Empty title="Nothing waits">
            Acts come here once Settings asks for a second opinion: then users, roles and identity providers change only with the yes of two
            admins.
          </Empty>
        }
      />
      {id !== undefined && <OpinionDialog id={id} onClose={() => open(undefined)} />}
    </PageFrame>
  )
}
