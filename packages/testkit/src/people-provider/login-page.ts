import type { Person } from './person.ts'

/** The page at which a person says who they are. */
export function loginPage(name: string, persons: Iterable<Person>, transaction: string): string {
  const buttons = [...persons].map((person) => `<button name="person" value="${html(person.sub)}">${html(person.name)}</button>`).join('\n')
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${html(name)}</title>
<style>body{font:16px system-ui;max-width:24rem;margin:12vh auto;padding:0 1rem}form{display:grid;gap:.6rem}button{font:inherit;padding:.6rem}</style>
<h1>${html(name)}</h1>
<form method="post" action="/login">
<input type="hidden" name="transaction" value="${html(transaction)}">
${buttons}
<button name="person" value="">Cancel</button>
</form>
</html>
`
}

function html(text: string): string {
  return text.replaceAll(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`)
}
