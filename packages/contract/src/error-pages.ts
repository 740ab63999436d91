import { errorDefinitions } from './errors.ts'
import { gatewayErrors } from './gateway-errors.ts'

/** The pages of docs/errors/: one a code, made from the tables of errors. @returns file names with their text, and an index */
export function errorPages(): ReadonlyMap<string, string> {
  const pages = new Map<string, string>()
  for (const [code, { title, status, fix }] of Object.entries(errorDefinitions)) {
    pages.set(
      `${code}.md`,
      page(code, title, `The control API answers with it as HTTP status ${status} (\`application/problem+json\`).`, fix),
    )
  }
  for (const [code, { message, status, fix }] of Object.entries(gatewayErrors)) {
    const where = `The gateway answers with it as HTTP status ${status}, in the form of the protocol that was used; the header \`keyward-error\` names it.`
    pages.set(`${code}.md`, page(code, message, where, fix))
  }
  pages.set('README.md', index())
  return pages
}

function page(code: string, title: string, where: string, fix: string): string {
  return `# ${title}\n\n\`${code}\`\n\n${where}\n\n## What to do\n\n${fix}\n`
}

function index(): string {
  const row = (code: string, status: number, text: string) => `| [\`${code}\`](${code}.md) | ${status} | ${text} |`
  const api = Object.entries(errorDefinitions).map(([code, { status, title }]) => row(code, status, title))
  const gateway = Object.entries(gatewayErrors).map(([code, { status, message }]) => row(code, status, message))
  const head = ['| code | status | meaning |', '|---|---|---|']
  return `${[
    '# Errors',
    '',
    'Made from `packages/contract/src/errors.ts` and `gateway-errors.ts`; do not edit. A program switches on the code; texts may change.',
    '',
    '## Of the control API',
    '',
    ...head,
    ...api,
    '',
    '## Of the gateway',
    '',
    ...head,
    ...gateway,
  ].join('\n')}\n`
}
