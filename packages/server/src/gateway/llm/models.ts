/** Whether a model fits one of a grant's patterns: `gpt-4.1`, `gpt-*` or `*`. */
export function modelAllowed(model: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => (pattern.endsWith('*') ? model.startsWith(pattern.slice(0, -1)) : model === pattern))
}
