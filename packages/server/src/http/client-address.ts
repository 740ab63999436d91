/**
 * The caller's address. `X-Forwarded-For` is believed hop by hop from the right, as long as the hop that wrote it is a trusted proxy; the
 * first address that is not one is the caller.
 */
export function clientAddress(
  socketAddress: string | undefined,
  forwardedFor: string | null,
  isTrustedProxy: (address: string) => boolean,
): string | undefined {
  let address = plainAddress(socketAddress)
  const hops = forwardedFor === null ? [] : forwardedFor.split(',').map((hop) => plainAddress(hop.trim()))
  while (address !== undefined && isTrustedProxy(address)) {
    const hop = hops.pop()
    if (hop === undefined || !/^[0-9a-fA-F.:]{2,45}$/.test(hop)) break
    address = hop
  }
  return address
}

/** Without the IPv4-mapped prefix that dual-stack sockets add, brackets and port. */
function plainAddress(address: string | undefined): string | undefined {
  return address
    ?.replace(/^\[([0-9a-fA-F:.]+)\](?::\d+)?$/, '$1')
    .replace(/^(\d{1,3}(?:\.\d{1,3}){3}):\d+$/, '$1')
    .replace(/^::ffff:(?=\d{1,3}\.)/i, '')
}
