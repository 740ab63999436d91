import type { CompiledDetector } from '../compiled-detector.ts'
import type { Match } from '../engine/match.ts'
import type { Counts, Notice, Sink } from '../finding.ts'
import { matcherFor } from '../load/detectors.ts'
import type { Place } from '../place.ts'
import { ContentScanner } from '../sources/content.ts'
import { FileScanner } from '../sources/files.ts'
import type { Task, TaskResult } from './task.ts'

/** Collects what one task finds. */
class TaskSink implements Sink {
  readonly findings: { match: Match; place: Place }[] = []
  readonly notices: Notice[] = []
  readonly removals: (readonly [number, string])[] = []
  readonly counts: Counts = { files: 0, bytes: 0, commits: 0 }

  found(match: Match, place: Place): void {
    this.findings.push({ match, place })
  }

  notice(notice: Notice): void {
    this.notices.push(notice)
  }

  removed(layerNumber: number, path: string): void {
    this.removals.push([layerNumber, path])
  }
}

/** Does tasks in this thread. */
export class Executor {
  readonly #indexes: ReadonlyMap<string, number>
  readonly #detectors: readonly CompiledDetector[]
  #sink = new TaskSink()
  #scanner: ContentScanner | undefined
  #files: FileScanner | undefined

  constructor(detectors: readonly CompiledDetector[]) {
    this.#detectors = detectors
    this.#indexes = new Map(detectors.map((detector, index) => [detector.id, index]))
  }

  async run(task: Task): Promise<TaskResult> {
    this.#sink = new TaskSink()
    const scanner = await this.scanner()
    switch (task.kind) {
      case 'files': {
        this.#files ??= new FileScanner(scanner)
        for (const file of task.files) {
          const waiting = this.#files.scan(file)
          if (waiting) await waiting
        }
        break
      }
      case 'commits': {
        const { scanCommits } = await import('../sources/git-history.ts')
        await scanCommits(scanner, task.repository, task.commits, task.reach)
        break
      }
      case 'layer': {
        const { scanLayer } = await import('../sources/image-layer.ts')
        await scanLayer(scanner, task.layer)
      }
    }
    return this.take()
  }

  /** The scanner of this thread, for sources that are read as they come. What it finds is taken with `take`. */
  async scanner(): Promise<ContentScanner> {
    if (!this.#scanner) {
      const matcher = await matcherFor(this.#detectors)
      const current = () => this.#sink
      const sink: Sink = {
        found: (match, place) => current().found(match, place),
        notice: (notice) => current().notice(notice),
        removed: (layerNumber, path) => current().removed(layerNumber, path),
        get counts() {
          return current().counts
        },
      }
      this.#scanner = new ContentScanner(matcher, sink, async () => (await import('../sources/open-file.ts')).openFile)
    }
    return this.#scanner
  }

  /** What was found since the last call. */
  take(): TaskResult {
    const { findings, notices, removals, counts } = this.#sink
    this.#sink = new TaskSink()
    return {
      findings: findings.map(({ match: { detector, ...match }, place }) => ({
        match,
        detector: this.#indexes.get(detector.id) ?? 0,
        place,
      })),
      notices,
      removed: removals,
      counts,
    }
  }
}
