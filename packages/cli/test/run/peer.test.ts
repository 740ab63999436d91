import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { canTellPeers, peerUid, uidIn } from '../../src/run/peer.ts'

const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0200007F:9C40 0100007F:1F90 01 00000000:00000000 00:00000000 00000000  1001        0 11 1 0000000000000000 20 4 30 10 -1
   1: 0100007F:9C40 0100007F:1F90 01 00000000:00000000 00:00000000 00000000  1000        0 12 1 0000000000000000 20 4 30 10 -1
`

test('a connection of another user from another loopback address with the same port is not taken for ours', () => {
  expect(uidIn(table, '0100007F:9C40', '0100007F:1F90')).toBe(1000)
  expect(uidIn(table, '0200007F:9C40', '0100007F:1F90')).toBe(1001)
})

test('a connection that is not in the table has no uid', () => {
  expect(uidIn(table, '0100007F:9C41', '0100007F:1F90')).toBeUndefined()
  expect(uidIn('', '0100007F:9C40', '0100007F:1F90')).toBeUndefined()
})

test.runIf(canTellPeers())('the uid of a program is found, whether it comes by an IPv4 or a mapped IPv6 socket', async () => {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('no port')
  for (const host of ['127.0.0.1', '::ffff:127.0.0.1']) {
    const client = connect(address.port, host)
    const [socket] = (await once(server, 'connection')) as [Socket]
    expect(peerUid(socket), host).toBe(process.getuid?.())
    client.destroy()
    socket.destroy()
  }
  server.close()
})
