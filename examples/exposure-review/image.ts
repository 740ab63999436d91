import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'

type Files = Readonly<Record<string, string | Uint8Array>>

const blockBytes = 512

/** A tar archive in the ustar form (POSIX.1-1988), whose names have at most 100 characters. */
function tar(files: Files): Buffer {
  const blocks: Uint8Array[] = []
  for (const [name, content] of Object.entries(files)) {
    const bytes = Buffer.from(content)
    blocks.push(header(name, bytes.length), bytes, Buffer.alloc((blockBytes - (bytes.length % blockBytes)) % blockBytes))
  }
  return Buffer.concat([...blocks, Buffer.alloc(2 * blockBytes)])
}

function header(name: string, sizeBytes: number): Buffer {
  const block = Buffer.alloc(blockBytes)
  const octal = (value: number, digits: number) => `${value.toString(8).padStart(digits, '0')}\0`
  block.write(name, 0)
  block.write(octal(0o644, 7), 100)
  block.write(octal(0, 7) + octal(0, 7) + octal(sizeBytes, 11) + octal(1_767_225_600, 11), 108)
  block.write(' '.repeat(8), 148)
  block.write('0', 156)
  block.write('ustar\x0000', 257)
  block.write(
    `${octal(
      block.reduce((sum, byte) => sum + byte, 0),
      6,
    )} `,
    148,
  )
  return block
}

/**
 * The files of an image as an OCI layout (image-spec 1.1), the layers from the lowest up. A `.wh.NAME` in a layer deletes NAME of those below:
 * whoever has the image still has both.
 */
export function imageLayout(layers: readonly Files[]): Files {
  const blobs = new Map<string, Buffer>()
  const put = (mediaType: string, content: Uint8Array | object) => {
    const bytes = content instanceof Uint8Array ? Buffer.from(content) : Buffer.from(JSON.stringify(content))
    const hash = createHash('sha256').update(bytes).digest('hex')
    blobs.set(`blobs/sha256/${hash}`, bytes)
    return { mediaType: `application/vnd.oci.image.${mediaType}`, digest: `sha256:${hash}`, size: bytes.length }
  }
  const archives = layers.map(tar)
  const config = put('config.v1+json', {
    ...{ architecture: 'amd64', os: 'linux', config: { Cmd: ['node', '/app/agent.js'], WorkingDir: '/app' } },
    rootfs: { type: 'layers', diff_ids: archives.map((one) => `sha256:${createHash('sha256').update(one).digest('hex')}`) },
    history: [{ created_by: 'COPY . /app' }, { created_by: 'RUN rm -f /app/.env' }],
  })
  const manifest = put('manifest.v1+json', {
    ...{ schemaVersion: 2, mediaType: 'application/vnd.oci.image.manifest.v1+json', config },
    layers: archives.map((one) => put('layer.v1.tar+gzip', gzipSync(one))),
  })
  return {
    'oci-layout': '{"imageLayoutVersion":"1.0.0"}',
    'index.json': JSON.stringify({ schemaVersion: 2, manifests: [manifest] }),
    ...Object.fromEntries(blobs),
  }
}
