import { useCallback, useState } from 'react'

/** The values of a form, and a setter for each: `set('name')` is what a field's `onChange` wants. */
export function useFields<Values extends object>(initial: Values) {
  const [values, setValues] = useState(initial)
  const set = useCallback(
    <Key extends keyof Values>(key: Key) =>
      (value: Values[Key]) =>
        setValues((before) => ({ ...before, [key]: value })),
    [],
  )
  return { values, set, replace: setValues }
}
