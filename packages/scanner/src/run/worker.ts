// A thread of the scan: gets the detectors once, then tasks, and answers each with what it brought.
import { parentPort, workerData } from 'node:worker_threads'
import { loadDetectors } from '../load/detectors.ts'
import { Executor } from './executor.ts'
import type { WorkerStart } from './pool.ts'
import type { Task } from './task.ts'

const { sources } = workerData as WorkerStart
const executor = new Executor((await loadDetectors(sources)).detectors)
let last = Promise.resolve()

parentPort?.on('message', (task: Task) => {
  last = last.then(async () => {
    try {
      parentPort?.postMessage({ result: await executor.run(task) })
    } catch (error) {
      parentPort?.postMessage({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) })
    }
  })
})
