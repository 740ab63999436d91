import type { Detection, Report } from './detection/detection.ts'
import type { ScanOptions } from './run/options.ts'
import { ScanRun } from './run/scan-run.ts'

/** Scans, and yields each detection as soon as all its sightings are known: at the end, the gravest first. */
export async function* scan(options: ScanOptions): AsyncGenerator<Detection> {
  yield* (await scanToReport(options)).detections
}

/** Scans, and says everything: detections, what was not looked at, counts. Throws only for options that make no sense. */
export async function scanToReport(options: ScanOptions): Promise<Report> {
  const run = new ScanRun(options)
  try {
    return await run.report()
  } finally {
    await run.close()
  }
}
