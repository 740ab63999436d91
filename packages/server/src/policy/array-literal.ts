/*
 * Arrays as PostgreSQL reads them. The driver would do it too, but value by value with checks that ids and numbers don't need; for a batch
 * of hundreds of calls with dozens of columns that is most of the work.
 */

const word = /^[A-Za-z0-9_-]{1,100}$/

/** An array of ids. @throws TypeError for anything that would need quoting: ids never do */
export function words(list: readonly string[]): string {
  for (const one of list) if (!word.test(one)) throw new TypeError('an id holds characters that no id has')
  return `{${list.join(',')}}`
}

/** An array of numbers, truth values or bare words of our own, with null for what is absent. Null where all are. */
export function values<Row>(
  rows: readonly Row[],
  value: (row: Row) => number | bigint | boolean | string | null | undefined,
): string | null {
  let text = ''
  let some = false
  for (const row of rows) {
    const one = value(row)
    const absent = one === null || one === undefined
    if (!absent) some = true
    text += absent ? ',null' : `,${one}`
  }
  return some ? `{${text.slice(1)}}` : null
}

const special = /["\\]/g

/** An array of texts, with null for what is absent. Null where all are: the column stays empty. */
export function texts<Row>(rows: readonly Row[], value: (row: Row) => string | null | undefined): string | null {
  let text = ''
  let some = false
  for (const row of rows) {
    const one = value(row)
    if (one === null || one === undefined) text += ',null'
    else {
      some = true
      text += `,"${one.includes('"') || one.includes('\\') ? one.replace(special, '\\$&') : one}"`
    }
  }
  return some ? `{${text.slice(1)}}` : null
}
