const stringEscape = /\\(?:u00([0-9a-fA-F]{2})|u\{([0-9a-fA-F]{1,2})\}|x([0-9a-fA-F]{2})|([nrtbf"'`\\/]))/g
const control: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f' }

/** Takes one level of string escapes off: those of JSON, JavaScript, YAML and Python that can stand for printable ASCII. */
export function unescapeText(text: string): string {
  return text.replace(stringEscape, (_, short?: string, braced?: string, hex?: string, char?: string) => {
    const code = short ?? braced ?? hex
    if (code !== undefined) return String.fromCharCode(Number.parseInt(code, 16))
    return char === undefined ? '' : (control[char] ?? char)
  })
}
