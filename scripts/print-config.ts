import { optionDefinitions } from '../packages/server/src/config.ts'

/** docs/config.md: every option, from the one table that defines them. */
export function printConfig(): string {
  const rows = optionDefinitions.map(
    (option) => `| \`${option.name}\` | ${option.default === '' ? 'none' : option.default} | ${option.text} |`,
  )
  return `<!-- Made by \`npm run golden\` from packages/server/src/config.ts. Edit there. -->
# Options

Options are environment variables of the server. Each is checked at the start; a wrong one is named, with what it takes.

| option | default | what it is for |
|---|---|---|
${rows.join('\n')}
`
}
