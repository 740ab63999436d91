import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { anthropicKey, folder, groqKey, scanFolder, scanTargets, tar, write } from './material.ts'

const digestOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

async function layers() {
  const first = await tar({ 'app/.env': `KEY=${groqKey('layer')}\n`, 'app/keep.txt': groqKey('kept'), 'opt/old/conf': groqKey('opaque') })
  const second = await tar({ 'app/.wh..env': '', 'opt/old/.wh..wh..opq': '', 'opt/old/new.txt': 'clean\n' })
  const config = Buffer.from(
    JSON.stringify({
      config: { Env: ['PATH=/bin', `ANTHROPIC_API_KEY=${anthropicKey('env')}`] },
      history: [{ created_by: `RUN curl -H "Authorization: Bearer ${groqKey('history')}" https://x.example` }],
    }),
  )
  return { first, second, config }
}

async function savedTar(): Promise<Buffer> {
  const { first, second, config } = await layers()
  const manifest = [{ Config: 'config.json', RepoTags: ['shop/agent:1.2'], Layers: ['1/layer.tar', '2/layer.tar'] }]
  return tar({ '1/layer.tar': first, '2/layer.tar': second, 'config.json': config, 'manifest.json': JSON.stringify(manifest) })
}

async function ociFiles(): Promise<Record<string, string | Uint8Array>> {
  const { first, second, config } = await layers()
  const blobs = [gzipSync(first), zstdCompressSync(second)]
  const manifest = JSON.stringify({
    schemaVersion: 2,
    config: { digest: `sha256:${digestOf(config)}` },
    layers: blobs.map((blob) => ({ digest: `sha256:${digestOf(blob)}`, size: blob.length })),
  })
  const index = JSON.stringify({ schemaVersion: 2, manifests: [{ digest: `sha256:${digestOf(Buffer.from(manifest))}` }] })
  const all = [...blobs, config, Buffer.from(manifest)]
  return {
    'oci-layout': '{"imageLayoutVersion":"1.0.0"}',
    'index.json': index,
    ...Object.fromEntries(all.map((blob) => [`blobs/sha256/${digestOf(blob)}`, blob])),
  }
}

const wanted = [
  ['/app/.env', 1, 2],
  ['/app/keep.txt', 1, undefined],
  ['/opt/old/conf', 1, 2],
  ['configuration', undefined, undefined],
  ['configuration', undefined, undefined],
]

function seen(report: Awaited<ReturnType<typeof scanFolder>>) {
  return report.detections
    .map((one) => one.sightings[0])
    .map((one) => [one?.path.replace(/^.*!/, ''), one?.layerNumber, one?.deletedInLayer])
    .sort((a, b) => String(a[0]).localeCompare(String(b[0])))
}

describe('images are scanned layer by layer, with what higher layers delete, configuration, environment and history', () => {
  test('as docker save writes them', async () => {
    const file = join(folder(), 'image.tar')
    writeFileSync(file, await savedTar())
    const report = await scanTargets([{ kind: 'image', path: file }])
    expect(seen(report)).toEqual(wanted)
    expect(report.detections.some((one) => one.sightings[0]?.path === 'shop/agent:1.2!configuration')).toBe(true)
    expect(report.notices).toEqual([])
  })

  test('as an OCI layout with gzip and zstd layers, in a folder and in a tar', async () => {
    const root = write(folder(), await ociFiles())
    expect(seen(await scanTargets([{ kind: 'image', path: root }]))).toEqual(wanted)
    const file = join(folder(), 'oci.tar')
    writeFileSync(file, await tar(await ociFiles()))
    expect(seen(await scanTargets([{ kind: 'image', path: file }]))).toEqual(wanted)
  })

  test('when they merely lie in a scanned folder', async () => {
    const root = folder()
    writeFileSync(join(root, 'image.tar'), await savedTar())
    expect(seen(await scanFolder(root))).toEqual(wanted)
    const layout = folder()
    write(layout, Object.fromEntries(Object.entries(await ociFiles()).map(([name, bytes]) => [`images/app/${name}`, bytes])))
    const report = await scanFolder(layout)
    expect(seen(report)).toEqual(wanted)
    expect(report.detections[0]?.sightings[0]?.path.startsWith(`${layout}/images/app!`)).toBe(true)
  })

  test('a layer that is missing, broken or a bomb is told; the others are scanned', async () => {
    const files = await ociFiles()
    const { first } = await layers()
    delete files[`blobs/sha256/${digestOf(gzipSync(first))}`]
    const report = await scanTargets([{ kind: 'image', path: write(folder(), files) }])
    expect(report.notices).toMatchObject([{ reason: 'broken' }])
    expect(report.partial).toBe(true)
    expect(report.detections).toHaveLength(2)
  })

  test('a folder that is no image is refused with the reason', async () => {
    await expect(scanTargets([{ kind: 'image', path: write(folder(), { 'a.txt': 'x' }) }])).rejects.toThrow('is no image')
  })
})
