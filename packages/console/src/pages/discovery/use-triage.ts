import type { Detection } from '@keyward/contract/detections'
import { useCallback, useEffect, useRef, useState } from 'react'
import { useAct } from '../../api/act.ts'
import { api } from '../../api/client.ts'
import { useMe } from '../../api/me.ts'
import { say } from '../../components/toast.tsx'
import { adoptCommand } from './adopt-command.ts'
import type { Opened } from './detection-drawer.tsx'
import { useKeys } from './use-keys.ts'

/**
 * Going through a list by keyboard. The focus is on the name of the chosen row; where that row leaves the list, the next one is chosen.
 * @returns which row is chosen, and what a row's button must be given so that it can be
 */
export function useTriage(items: readonly Detection[] | undefined, onOpen: (opened: Opened) => void) {
  const [chosen, setChosen] = useState<string>()
  const buttons = useRef(new Map<string, HTMLElement>())
  const place = useRef(-1)
  const may = useMe()?.allowed.includes('detection:triage') ?? false
  const reopen = useAct((id: string) => api.detections.reopen(id))
  const at = items?.findIndex(({ id }) => id === chosen) ?? -1
  useEffect(() => {
    if (at >= 0) place.current = at
    else if (chosen !== undefined && items !== undefined) setChosen(items[Math.min(place.current, items.length - 1)]?.id)
  }, [at, chosen, items])

  const choose = (index: number) => {
    const one = items?.[Math.max(0, Math.min(index, items.length - 1))]
    if (one === undefined) return
    setChosen(one.id)
    buttons.current.get(one.id)?.focus()
    buttons.current.get(one.id)?.closest('tr')?.scrollIntoView({ block: 'nearest' })
  }
  const current = items?.[at]
  useKeys({
    j: () => choose(at < 0 ? place.current + (place.current < 0 ? 1 : 0) : at + 1),
    k: () => choose(at < 0 ? place.current : at - 1),
    d: () => {
      if (current === undefined) return
      if (!may) say('Your role does not allow this: ask an admin')
      else if (current.state === 'open') onOpen({ id: current.id, dismissing: true })
      else say(current.state === 'adopted' ? 'It is in the vault already' : 'It is dismissed already')
    },
    r: () => {
      if (current === undefined) return
      if (!may) say('Your role does not allow this: ask an admin')
      else if (current.state === 'open') say('It is open already')
      else void reopen.run(current.id).then((done) => say(done ? 'Open again' : 'It could not be reopened'))
    },
    a: () => {
      if (current === undefined) return
      const command = adoptCommand(current)
      if (command === undefined) {
        say('It is in no file that could be rewritten: end it at its provider')
        return
      }
      navigator.clipboard.writeText(command).then(
        () => say(`Copied: ${command}`),
        () => say(`Could not copy. The command: ${command}`),
      )
    },
  })
  const button = useCallback(
    (id: string) => ({
      ref: (element: HTMLElement | null) => {
        if (element === null) buttons.current.delete(id)
        else buttons.current.set(id, element)
      },
      onFocus: () => setChosen(id),
    }),
    [],
  )
  return { chosen, button }
}
