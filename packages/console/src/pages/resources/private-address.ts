/** Whether an address looks private or loopback: the server decides, this only shows the switch at the right time. */
export function looksPrivate(upstream: string): boolean {
  const host = URL.parse(upstream)?.hostname ?? ''
  return (
    /^(localhost|127\.|10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|169\.254\.|\[)/.test(host) ||
    /\.(local|internal|lan)$/.test(host) ||
    (host !== '' && !host.includes('.'))
  )
}
