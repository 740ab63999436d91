// Starts a process that would outlive this one, guarded in the way given as argument (`kernel` or `watchdog`), and prints its pid.
import { spawn } from 'node:child_process'
import { guarded, watchdog } from '../../../src/db/embedded/guard.ts'

const [way] = process.argv.slice(2)
const command = way === 'kernel' ? guarded('/bin/sleep', ['600']) : { command: '/bin/sleep', args: ['600'], byKernel: false }
const child = spawn(command.command, command.args, { detached: true, stdio: 'ignore' })
if (way === 'watchdog') watchdog(child.pid ?? 0, { uid: 0, gid: 0, drop: false })
process.stdout.write(`${JSON.stringify({ pid: child.pid, byKernel: command.byKernel })}\n`)
