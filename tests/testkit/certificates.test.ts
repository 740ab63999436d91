import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { get } from 'node:https'
import type { AddressInfo } from 'node:net'
import { connect, createServer, type TLSSocket } from 'node:tls'
import { Authority } from '@keyward/testkit/certificates'
import { startFakeHttpApi } from '@keyward/testkit/http-api/server'
import { expect, test } from 'vitest'

const authority = new Authority()

test('a certificate says what was asked for and is signed by its authority alone', () => {
  const leaf = new X509Certificate(
    authority.issue({
      commonName: 'agent',
      dnsNames: ['agent.test'],
      addresses: ['127.0.0.1'],
      uris: ['spiffe://test/agent'],
      notAfter: new Date('2051-02-03T04:05:06Z'),
    }).cert,
  )
  const root = new X509Certificate(authority.cert)
  expect(leaf.subject).toBe('CN=agent')
  expect(leaf.subjectAltName).toBe('DNS:agent.test, URI:spiffe://test/agent, IP Address:127.0.0.1')
  expect(leaf.validToDate.toISOString()).toBe('2051-02-03T04:05:06.000Z')
  expect([leaf.ca, root.ca]).toEqual([false, true])
  expect(leaf.checkIssued(root) && leaf.verify(root.publicKey)).toBe(true)
  expect(leaf.verify(new X509Certificate(new Authority().cert).publicKey)).toBe(false)
  expect(() => authority.issue({ commonName: 'x', addresses: ['::1'] })).toThrow(TypeError)
})

test('a fake speaks TLS: trusted with the authority, refused without it, under another name and after its end', async () => {
  const good = await startFakeHttpApi({ tls: authority.issue({ commonName: 'crm', addresses: ['127.0.0.1'] }) })
  const status = (url: string, options: object): Promise<number | string> =>
    new Promise((resolve) => {
      get(url, { agent: false, ...options }, (response) => {
        response.resume()
        resolve(response.statusCode ?? 0)
      }).on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    })
  expect(good.origin.startsWith('https://127.0.0.1:')).toBe(true)
  expect(await status(`${good.origin}/tenants`, { ca: authority.cert })).toBe(401)
  expect(await status(`${good.origin}/tenants`, {})).toBe('UNABLE_TO_VERIFY_LEAF_SIGNATURE')
  expect(await status(`${good.origin}/tenants`, { ca: authority.cert, servername: 'other.test' })).toBe('ERR_TLS_CERT_ALTNAME_INVALID')
  await good.stop()
  const late = await startFakeHttpApi({
    tls: authority.issue({ commonName: 'crm', addresses: ['127.0.0.1'], notAfter: new Date(Date.now() - 1000) }),
  })
  expect(await status(`${late.origin}/tenants`, { ca: authority.cert })).toBe('CERT_HAS_EXPIRED')
  await late.stop()
})

test('a client proves itself by a certificate of its authority, and not by one for servers', async () => {
  const server = createServer(
    {
      ...authority.issue({ commonName: 'server', dnsNames: ['server.test'] }),
      ca: authority.cert,
      requestCert: true,
      rejectUnauthorized: false,
    },
    (socket: TLSSocket) => socket.end(String(socket.authorized)),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const ask = async (client: object): Promise<string> => {
    const socket = connect({
      port: (server.address() as AddressInfo).port,
      host: '127.0.0.1',
      servername: 'server.test',
      ca: authority.cert,
      ...client,
    })
    const [said] = (await once(socket, 'data')) as [Buffer]
    socket.destroy()
    return said.toString()
  }
  expect(await ask(authority.issue({ commonName: 'agent', use: ['client'], uris: ['spiffe://test/agent'] }))).toBe('true')
  expect(await ask(authority.issue({ commonName: 'agent', use: ['server'] }))).toBe('false')
  expect(await ask(new Authority().issue({ commonName: 'agent' }))).toBe('false')
  expect(await ask({})).toBe('false')
  server.close()
})
