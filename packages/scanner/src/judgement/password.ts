import type { Candidate } from './candidate.ts'
import type { Doubt } from './generic.ts'
import { lineBefore } from './surroundings.ts'

/** Passwords that stand in every tutorial; real systems have them too, but knowing them is no leak. */
const wellKnown =
  /^(?:pass|passw(?:or)?d\d*|p[a@4]ssw[o0]rd\d*!?|pwd|secret\d*|s3cr3t|postgres|postgresql|mysql|mongo|redis|rabbitmq|root|admin\d*|administrator|guest|user\d*|username|test\w{0,8}|testing|demo|example|sample|changeme|changeit|change_me|letmein|welcome\d*|qwerty\w*|123456\d*|12345|1234|abc123|foo|bar|baz|foobar|dev|development|local|docker|default|dbpass\w*|db_?password|mypass\w*|my-?secret-?\w*|your\w*|x+|\*+|\.+|_+|pw|token|key|api_?key|hunter2|s3cret|none|null|undefined|empty|password_here|some\w*|any\w*|toor|sa|strongpassword\w*|supersecret\w*|correcthorse\w*|hello\w*|keyward|bitnami|airflow|minio\w*|grafana|elastic|kibana|wordpress|drupal|joomla|magento|odoo|sonar|nexus|vagrant|ubuntu|centos|debian|alpine)$/i
const local =
  /^(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[?::1\]?|host\.docker\.internal|db|database|postgres(?:ql)?|pg|mysql|mariadb|mongo(?:db)?|redis|cache|rabbitmq|rabbit|clickhouse|neo4j)(?:$|[:/?#"'\s])/i
const exampleHost =
  /(?:^|[.@/])(?:[\w-]+\.)*(?:example|invalid|test|localdomain)(?:\.(?:com|org|net))?(?:$|[:/?#"'\s])|^(?:host|hostname|server|your[\w.-]*|my[\w-]*|some[\w-]*|hostname?\.?\w*|HOST|domain|foo|bar|a|b|x)(?:$|[:/?#"'\s.])/i

/** For passwords in URLs and connection strings. */
export function passwordDoubt(candidate: Candidate): Doubt | undefined {
  const { secret, after } = candidate
  if (wellKnown.test(secret)) return { verdict: 'not-a-secret', reason: 'It is a password that stands in every tutorial.' }
  if (/^(?:\$|%[A-Z_]+%|\{|:|@\{|#\{|\[)/.test(secret) || /[{}[\]$]{2}|\$\w/.test(secret))
    return { verdict: 'not-a-secret', reason: 'It is a reference, to be filled in.' }
  if (/^(.)\1+$/.test(secret)) return { verdict: 'not-a-secret', reason: 'It repeats one character.' }
  const user = /:\/\/([^:@/\s]{1,80}):$/.exec(lineBefore(candidate))?.[1]
  if (user !== undefined && user.toLowerCase() === secret.toLowerCase())
    return { verdict: 'not-a-secret', reason: 'User and password are the same word.' }
  const host = after.startsWith('@') ? after.slice(1) : ''
  if (exampleHost.test(host)) return { verdict: 'unlikely', reason: 'The host is an example.' }
  if (local.test(host) && (secret.length < 12 || !/\d/.test(secret)))
    return { verdict: 'unlikely', reason: 'A plain password for the own machine or a container beside it.' }
  if (/^[A-Za-z]{1,9}$/.test(secret)) return { verdict: 'unlikely', reason: 'It is a short word.' }
  return undefined
}
