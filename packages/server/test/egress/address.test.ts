import { expect, test } from 'vitest'
import { reachOf } from '../../src/egress/address.ts'

test.each([
  '169.254.169.254',
  '::ffff:169.254.169.254',
  '::ffff:a9fe:a9fe',
  '64:ff9b::a9fe:a9fe',
  '2002:a9fe:a9fe::1',
  'fd00:ec2::254',
  'fe80::1',
  'fe80::1%eth0',
  '0.0.0.0',
  '::',
  '224.0.0.1',
  '255.255.255.255',
  'ff02::1',
  '100.100.100.200',
  '168.63.129.16',
  '192.0.2.1',
  '2001:db8::1',
  '2001::1',
  '::127.0.0.1',
  '240.0.0.1',
  'not an address',
  '127.1',
])('an address that is never dialled, whatever a resource allows: %s', (address) => {
  expect(reachOf(address)).toBe('forbidden')
})

test.each([
  '127.0.0.1',
  '127.255.255.254',
  '::1',
  '10.1.2.3',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.1.1',
  '100.64.0.1',
  'fc00::1',
  'fdff::1',
  '::ffff:127.0.0.1',
  '::ffff:10.0.0.1',
  '64:ff9b::7f00:1',
  '2002:0a00:0001::1',
  '64:ff9b:1::1',
  '198.18.0.1',
])('an address that needs allow_private: %s', (address) => {
  expect(reachOf(address)).toBe('private')
})

test.each(['8.8.8.8', '172.32.0.1', '172.15.0.1', '100.128.0.1', '2606:4700::1111', '::ffff:8.8.8.8', '64:ff9b::808:808', '192.169.0.1'])(
  'a public address: %s',
  (address) => {
    expect(reachOf(address)).toBe('public')
  },
)
