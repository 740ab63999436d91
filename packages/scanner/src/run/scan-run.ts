import { statSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import type { DetectorSet } from '../compiled-detector.ts'
import { Collector } from '../detection/collect.ts'
import type { Report } from '../detection/detection.ts'
import { type Counts, type Notice, partialReasons } from '../finding.ts'
import { loadDetectors } from '../load/detectors.ts'
import type { FileTask } from '../sources/files.ts'
import type { GitPlan } from '../sources/git-plan.ts'
import { Excuses } from './excuses.ts'
import { Executor } from './executor.ts'
import { FileList, folderFiles } from './file-tasks.ts'
import type { ScanOptions, Target } from './options.ts'
import { Pool } from './pool.ts'
import { Removals } from './removals.ts'
import type { Task, TaskResult } from './task.ts'

/** A folder with fewer files is scanned by one thread: starting a second takes as long. */
const secondThreadFromFiles = 400
/** Notices kept; the rest is counted. */
const noticesMax = 1000
/** A live stream that pauses this long is looked at as it is. */
const peekAfterMs = 250

/** One scan from its targets to its report. */
export class ScanRun {
  readonly #options: ScanOptions
  readonly #collector: Collector
  readonly #removals = new Removals()
  readonly #notices: Notice[] = []
  readonly #counts: Counts = { files: 0, bytes: 0, commits: 0 }
  readonly #histories: { readonly repository: string; readonly plan: GitPlan }[] = []
  #noticesLeftOut = 0
  #partial = false
  #secrets = 0
  #total: number | undefined = 0
  #set: DetectorSet = { version: '', detectors: [] }
  #pool: Pool | undefined

  constructor(options: ScanOptions) {
    this.#options = options
    this.#collector = new Collector(options.key, this.#removals)
  }

  async report(): Promise<Report> {
    const started = performance.now()
    const excuses = await Excuses.load(this.#options)
    this.#set = await loadDetectors(this.#options)
    const executor = new Executor(this.#set.detectors)
    this.#pool = new Pool(executor, (result) => this.#take(result))
    const files = new FileList(this.#files(), (count) => {
      if (count === secondThreadFromFiles) this.#startThreads()
    })
    this.#total = files.total
    await this.#pool.run(this.#tasks(files, await this.#prepare(executor)))
    for (const target of this.#options.targets) await this.#direct(target, executor)
    await this.#dangling(executor)
    const detections = this.#collector.detections(excuses.excuse).filter((one) => one.verdict === 'secret' || this.#options.all)
    for (const one of detections) {
      const secret = this.#collector.secretOf(one)
      if (secret !== undefined) this.#options.onSecret?.(one, secret)
    }
    return {
      detections: this.#options.verify ? await this.#verified(detections) : detections,
      notices: this.#notices,
      noticesLeftOut: this.#noticesLeftOut,
      partial: this.#partial,
      counts: this.#counts,
      tookMs: Math.round(performance.now() - started),
      detectorsVersion: this.#set.version,
      dismissed: this.#collector.dismissed,
      remarks: excuses.remarks(),
    }
  }

  async close(): Promise<void> {
    await this.#pool?.close()
  }

  #startThreads(): void {
    this.#pool?.start(this.#options, this.#options.threads)
  }

  /** The git processes need the other half of the machine: on two cores a second thread made a history of 400 commits slower by a third. */
  #historyThreads(): number {
    return this.#options.threads ?? Math.ceil(availableParallelism() / 2)
  }

  *#files(): Generator<FileTask> {
    const walkOptions = { everything: this.#options.everything ?? false, respectGitignore: this.#options.respectGitignore ?? false }
    const notice = (one: Notice) => this.#notice(one)
    for (const target of this.#options.targets) {
      if (target.kind === 'log') yield { file: target.path, place: { source: 'log', path: target.path, what: 'log' } }
      else if (target.kind === 'path') {
        const prefix = target.path === '.' ? '' : target.path.replace(/\/+$/, '')
        if (statSync(target.path).isDirectory()) yield* folderFiles(target.path, prefix, walkOptions, notice)
        else yield { file: target.path, place: { source: 'file', path: target.path } }
      } else if (target.kind === 'files') yield* target.files
    }
  }

  /** Work that threads can share besides files: commits and layers. */
  async #prepare(executor: Executor): Promise<Task[]> {
    const tasks: Task[] = []
    const notice = (one: Notice) => this.#notice(one)
    for (const target of this.#options.targets) {
      if (target.kind === 'git') {
        const { batches, planHistory } = await import('../sources/git-plan.ts')
        const planning = planHistory(target.repository, { ...target, detectorsVersion: this.#set.version }, notice)
        // The automaton is made while git lists the commits.
        const [plan, scanner] = await Promise.all([planning, executor.scanner()])
        if (this.#total !== undefined) this.#total += plan.commits.length
        for (const commits of batches(plan.commits, this.#historyThreads()))
          tasks.push({ kind: 'commits', repository: target.repository, commits, reach: plan.reach })
        if (plan.tags !== '') scanner.text(Buffer.from(plan.tags), { source: 'git', path: '(tag message)' })
        this.#take(executor.take())
        this.#histories.push({ repository: target.repository, plan })
      } else if (target.kind === 'pushed') {
        const { newCommits } = await import('../sources/git-plan.ts')
        tasks.push({
          kind: 'commits',
          repository: target.repository,
          commits: await newCommits(target.repository, target.hashes),
          reach: {},
        })
      } else if (target.kind === 'image') {
        const { planImage } = await import('../sources/image.ts')
        const plan = planImage(target.path, notice)
        const scanner = await executor.scanner()
        for (const { bytes, place } of plan.configurations) scanner.text(bytes, place)
        this.#take(executor.take())
        for (const layer of plan.layers) tasks.push({ kind: 'layer', layer })
      }
    }
    if (tasks.filter((task) => task.kind === 'layer').length > 1) this.#startThreads()
    else if (tasks.length > 1) this.#pool?.start(this.#options, this.#historyThreads())
    return tasks
  }

  /** What nothing leads to any more, when git has found it. */
  async #dangling(executor: Executor): Promise<void> {
    for (const { repository, plan } of this.#histories) {
      const { commits, blobs, tips } = await plan.dangling
      const reach = Object.fromEntries(commits.map((hash) => [hash, 'dangling']))
      if (commits.length > 0) this.#take(await executor.run({ kind: 'commits', repository, commits, reach }))
      const { scanBlob } = await import('../sources/git-history.ts')
      const scanner = await executor.scanner()
      for (const blob of blobs) await scanBlob(scanner, repository, blob, { source: 'git', path: `(object ${blob})`, reach: 'dangling' })
      this.#take(executor.take())
      if (!this.#partial) plan.remember(tips)
    }
  }

  *#tasks(files: FileList, others: readonly Task[]): Generator<Task> {
    yield* others
    yield* files.tasks()
  }

  /** Sources that are read as they come, by this thread. */
  async #direct(target: Target, executor: Executor): Promise<void> {
    const scanner = await executor.scanner()
    switch (target.kind) {
      case 'staged':
        await (await import('../sources/patch.ts')).scanStaged(scanner, target.repository)
        break
      case 'patch':
        await (await import('../sources/patch.ts')).scanPatch(scanner, target.stream, target.name)
        break
      case 'processes':
        ;(await import('../sources/processes.ts')).scanProcesses(scanner)
        break
      case 'stream':
        await this.#stream(target, executor)
        break
      default:
        return
    }
    this.#take(executor.take())
  }

  /** In constant memory; when the stream pauses, what has come is looked at. */
  async #stream(target: Extract<Target, { kind: 'stream' }>, executor: Executor): Promise<void> {
    const scanner = await executor.scanner()
    const stream = scanner.stream({ source: target.source, path: target.name })
    const look = () => {
      stream.peek()
      this.#take(executor.take())
    }
    let timer: NodeJS.Timeout | undefined
    for await (const chunk of target.stream as AsyncIterable<Uint8Array>) {
      stream.push(chunk)
      scanner.sink.counts.bytes += chunk.length
      if (this.#options.onDetection || this.#options.onProgress) this.#take(executor.take())
      clearTimeout(timer)
      if (this.#options.onDetection) timer = setTimeout(look, peekAfterMs)
    }
    clearTimeout(timer)
    stream.end()
    scanner.sink.counts.files++
  }

  #take(result: TaskResult): void {
    for (const { match, detector, place } of result.findings) {
      const known = this.#set.detectors[detector]
      if (!known) continue
      const whole = { ...match, detector: known }
      const isNew = this.#collector.add(whole, place)
      if (isNew && whole.judgement.verdict === 'secret') {
        this.#secrets++
        if (this.#options.onDetection) this.#options.onDetection(this.#collector.first(whole, place))
      }
    }
    for (const notice of result.notices) this.#notice(notice)
    for (const [layerNumber, path] of result.removed) this.#removals.add(layerNumber, path)
    this.#counts.files += result.counts.files
    this.#counts.bytes += result.counts.bytes
    this.#counts.commits += result.counts.commits
    this.#options.onProgress?.({
      ...this.#counts,
      total: this.#total,
      done: this.#counts.files + this.#counts.commits,
      secrets: this.#secrets,
    })
  }

  #notice(notice: Notice): void {
    if (partialReasons.has(notice.reason)) this.#partial = true
    if (this.#notices.length < noticesMax) this.#notices.push(notice)
    else this.#noticesLeftOut++
  }

  async #verified(detections: Report['detections']): Promise<Report['detections']> {
    const verify = this.#options.verify
    if (!verify) return detections
    const results: Report['detections'][number][] = []
    for (const one of detections) {
      const secret = this.#collector.secretOf(one)
      results.push(secret === undefined || one.allowed ? one : { ...one, life: await verify(one, secret, this.#collector.partsOf(one)) })
    }
    return results
  }
}
