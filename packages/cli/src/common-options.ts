import { Command } from 'commander'

/** What every command that talks to a server takes. */
export interface CommonOptions {
  readonly json?: boolean
  readonly server?: string
}

/** A command with `--json` and `--server`. */
export function serverCommand(name: string, summary: string): Command {
  return jsonCommand(name, summary).option('--server <url>', 'the server (KEYWARD_SERVER; default http://localhost:7411)')
}

/** For commands whose act can need another admin's yes. */
export function addSecondOpinion(command: Command): Command {
  return command.option('--second-opinion <id>', "another admin's yes to exactly this, where the server asks for one (sop_…)")
}

/** A command with `--json` that needs no server. */
export function jsonCommand(name: string, summary: string): Command {
  return new Command(name).description(summary).option('--json', 'answer as JSON, for programs')
}

/** A command that only holds others. */
export function groupCommand(name: string, summary: string): Command {
  return new Command(name).description(summary)
}
