import { socketPort } from './socket.ts'

/** The role that Keyward works as: owner of its database, no superuser, so that no SQL can start a program or read a file. */
export const roleName = 'keyward'
export const databaseName = 'keyward'
/** The cluster's first superuser. It has no password and no way in but single-user mode. */
export const superuserName = 'postgres'

/**
 * Settings of the server, for a small machine (2 cores, 1 GB). They go on its command line, where they outrank every file:
 * the data folder belongs to the server's account, which must not be able to turn its safety off.
 */
export function serverSettings(socketFolder: string): Record<string, string> {
  return {
    // The way in: one socket, nothing on the network.
    listen_addresses: '',
    port: String(socketPort),
    unix_socket_directories: `"${socketFolder.replaceAll('"', '""')}"`,
    unix_socket_permissions: '0700',
    password_encryption: 'scram-sha-256',
    // Durability: what was acknowledged is on the disk.
    fsync: 'on',
    full_page_writes: 'on',
    synchronous_commit: 'on',
    // At most about half of this is replayed after a crash: a restart stays in seconds. Files are reused, not created anew.
    max_wal_size: '384MB',
    min_wal_size: '128MB',
    wal_buffers: '16MB',
    checkpoint_timeout: '5min',
    wal_level: 'replica',
    max_wal_senders: '2',
    // Memory and processes.
    max_connections: '60',
    // A question about all of 400 days locks each day's tables and indexes, some 9,000; twice this many is 10 MB.
    max_locks_per_transaction: '512',
    shared_buffers: '128MB',
    effective_cache_size: '512MB',
    maintenance_work_mem: '64MB',
    max_worker_processes: '4',
    max_parallel_workers: '2',
    max_parallel_workers_per_gather: '1',
    autovacuum_max_workers: '2',
    io_method: 'sync',
    jit: 'off',
    // A transaction that was forgotten open holds locks and stops vacuum.
    idle_in_transaction_session_timeout: '60s',
    // A backend that runs a long statement for a client that is gone.
    client_connection_check_interval: '5s',
    timezone: 'UTC',
    log_timezone: 'UTC',
    datestyle: 'ISO, YMD',
    lc_messages: 'C',
    // What the server says goes into Keyward's log: never a statement, a value or a row.
    log_destination: 'stderr',
    logging_collector: 'off',
    log_line_prefix: '',
    log_statement: 'none',
    log_min_error_statement: 'panic',
    log_error_verbosity: 'terse',
    log_parameter_max_length: '0',
    log_parameter_max_length_on_error: '0',
    log_checkpoints: 'off',
    log_autovacuum_min_duration: '-1',
  }
}

/** Who may come in: Keyward's role with its password, through the socket. */
export const accessRules = `# Written by Keyward when the database was made.\nlocal all ${roleName} scram-sha-256\nlocal all all reject\n`
