/**
 * Places where credentials sprawl: each turns a name and a secret into a small file as people and programs write them. None of these
 * texts has a word in it that would make judgement think of an example.
 */
export interface Host {
  readonly path: string
  readonly text: (name: string, secret: string) => string
}

const camel = (name: string): string => name.toLowerCase().replace(/[_.-]+([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
const kebab = (name: string): string => name.toLowerCase().replace(/_/g, '-')

/** For secrets that are known by their shape or by the name they are given. */
export const assignments: readonly Host[] = [
  { path: '.env', text: (n, s) => `PORT=8080\n${n}=${s}\nLOG_LEVEL=info\n` },
  { path: 'deploy/.env.production', text: (n, s) => `${n}="${s}"\n` },
  { path: 'run.sh', text: (n, s) => `#!/bin/sh\nset -eu\nexport ${n}='${s}'\nexec node server.js\n` },
  { path: 'settings.json', text: (n, s) => `{\n  "region": "eu-west-1",\n  "${n}": "${s}",\n  "retries": 3\n}\n` },
  { path: '.mcp.json', text: (n, s) => `{"mcpServers":{"crm":{"command":"node","args":["crm.js"],"env":{"${n}":"${s}"}}}}\n` },
  { path: 'config/production.yaml', text: (n, s) => `model:\n  timeout: 30\n  ${n}: ${s}\n  retries: 2\n` },
  { path: 'k8s/secret.yaml', text: (n, s) => `apiVersion: v1\nkind: Secret\nmetadata:\n  name: agent\nstringData:\n  ${n}: "${s}"\n` },
  { path: 'agent.py', text: (n, s) => `import os\n\nos.environ["${n}"] = "${s}"\nmain()\n` },
  { path: 'src/client.ts', text: (n, s) => `import { connect } from './connect.js'\n\nconst ${camel(n)} = '${s}'\nexport const client = connect({ key: ${camel(n)} })\n` },
  { path: 'Dockerfile', text: (n, s) => `FROM node:24\nENV ${n}=${s}\nCMD ["node", "server.js"]\n` },
  { path: '.bash_history', text: (n, s) => `cd agent\n${n}=${s} npm start\nls\n` },
  { path: 'docker-compose.yml', text: (n, s) => `services:\n  agent:\n    image: agent\n    environment:\n      - ${n}=${s}\n` },
  { path: 'build.log', text: (n, s) => `2026-11-23T08:00:00Z info starting\n2026-11-23T08:00:01Z debug env ${n}=${s} pid=17\n2026-11-23T08:00:02Z info ready\n` },
  { path: 'terraform.tfvars', text: (n, s) => `region = "eu-west-1"\n${kebab(n).replace(/-/g, '_')} = "${s}"\n` },
  { path: 'app.properties', text: (n, s) => `server.port=8080\n${n}: ${s}\n` },
  { path: 'Program.cs', text: (n, s) => `static class Settings\n{\n    public const string ${camel(n)} = "${s}";\n}\n` },
  { path: 'main.go', text: (n, s) => `package main\n\nfunc main() {\n\tos.Setenv("${n}", "${s}")\n}\n` },
  { path: 'notebook.ipynb', text: (n, s) => `{"cells":[{"cell_type":"code","source":["import os\\n","os.environ[\\"${n}\\"] = \\"${s}\\"\\n"]}]}\n` },
  { path: 'windows.env', text: (n, s) => `PORT=8080\r\n${n}=${s}\r\nLOG=1\r\n` },
  { path: 'chat-export.json', text: (n, s) => `{"messages":[{"user":"U1","text":"try ${n}=${s} and tell me"}]}\n` },
  { path: 'wrangler.toml', text: (n, s) => `[vars]\n${n} = "${s}"\n` },
  { path: 'end-of-file', text: (n, s) => `${n}=${s}` },
]

/** For secrets that are known by their shape alone. */
export const bare: readonly Host[] = [
  { path: 'history.log', text: (_, s) => `$ curl -sS -H "Authorization: Bearer ${s}" https://upstream.internal/v1/run\n` },
  { path: 'notes.md', text: (_, s) => `The one for staging is ${s}, ask Ann before you use it.\n` },
  { path: 'table.csv', text: (_, s) => `id,owner,value\n17,ann,${s}\n18,bob,none\n` },
  { path: 'transcript.jsonl', text: (_, s) => `{"role":"user","content":"use (${s}) for now"}\n` },
  { path: 'two.txt', text: (_, s) => `old: none; new: ${s};\n` },
  { path: 'backtick.md', text: (_, s) => `Set it to \`${s}\`.\n` },
  { path: 'page.html', text: (_, s) => `<script>boot({a:'${s}',b:2})</script>\n` },
  { path: 'argv.txt', text: (_, s) => `node agent.js --with=${s} --fast\n` },
]

/** For secrets that live in a structure of their own. */
export const special: Readonly<Record<string, readonly Host[]>> = {
  assign: assignments,
  'assign-quoted': assignments,
  pem: [
    { path: 'server.key', text: (_, s) => `${s}\n` },
    { path: 'settings.json', text: (n, s) => `{"${n}": ${JSON.stringify(`${s}\n`)}}\n` },
    { path: 'config.yaml', text: (n, s) => `tls:\n  ${n}: |\n${s.split('\n').map((line) => `    ${line}`).join('\n')}\n` },
    { path: 'key.ts', text: (n, s) => `export const ${camel(n)} = \`${s}\`\n` },
    { path: '.env', text: (n, s) => `${n}="${s.replace(/\n/g, '\\n')}"\n` },
    { path: 'crlf.pem', text: (_, s) => `${s.replace(/\n/g, '\r\n')}\r\n` },
    { path: 'Key.java', text: (n, s) => `String ${camel(n)} = "${s.split('\n').join('\\n" +\n    "')}";\n` },
  ],
  file: [{ path: 'deploy.ppk', text: (_, s) => `${s}Private-MAC: 0\n` }, { path: 'windows.ppk', text: (_, s) => `${s.replace(/\n/g, '\r\n')}Private-MAC: 0\r\n` }],
  cookie: [
    { path: 'request.har', text: (n, s) => `{"name":"cookie","value":"lang=de; ${n}=${s}; theme=dark"}\n` },
    { path: 'curl.sh', text: (n, s) => `curl -H 'Cookie: ${n}=${s}' https://chatgpt.com/backend-api/me\n` },
    { path: 'cookies.txt', text: (n, s) => `Set-Cookie: ${n}=${s}; Path=/; Secure\n` },
  ],
  'cookie-header': [
    { path: 'curl.sh', text: (_, s) => `curl -H 'Cookie: lang=de; sessionid=${s}' https://crm.internal/\n` },
    { path: 'access.log', text: (_, s) => `GET /me Cookie: session=${s}; theme=dark\n` },
    { path: 'response.txt', text: (_, s) => `HTTP/1.1 200 OK\r\nSet-Cookie: connect.sid=${s}; Path=/; HttpOnly\r\n\r\n` },
    { path: 'request.json', text: (_, s) => `{"headers":{"cookie":"session_token=${s}"}}\n` },
  ],
  'sa-json': [
    { path: 'service-account.json', text: (_, s) => `{\n  "type": "service_account",\n  "project_id": "billing-7421",\n  "private_key_id": "4f1c09d2b7",\n  "private_key": ${JSON.stringify(`${s}\n`)},\n  "client_email": "agent@billing-7421.iam.gserviceaccount.com"\n}\n` },
    { path: 'one-line.json', text: (_, s) => `{"type":"service_account","private_key":${JSON.stringify(`${s}\n`)},"client_email":"a@b-1.iam.gserviceaccount.com"}` },
  ],
  conn: [
    { path: 'local.settings.json', text: (_, s) => `{"AzureWebJobsStorage":"DefaultEndpointsProtocol=https;AccountName=prodblob7;AccountKey=${s};EndpointSuffix=core.windows.net"}\n` },
    { path: '.env', text: (_, s) => `STORAGE=AccountName=prodblob7;AccountKey=${s}\n` },
  ],
  'conn-sak': [
    { path: '.env', text: (_, s) => `BUS=Endpoint=sb://orders.servicebus.windows.net/;SharedAccessKeyName=send;SharedAccessKey=${s}\n` },
    { path: 'hub.json', text: (_, s) => `{"hub":"HostName=h.azure-devices.net;SharedAccessKeyName=owner;SharedAccessKey=${s}"}\n` },
  ],
  sas: [
    { path: 'download.sh', text: (_, s) => `curl 'https://prodblob7.blob.core.windows.net/models/m.bin?sv=2024-11-04&se=2027-01-01&sr=b&sp=r&sig=${s}'\n` },
    { path: 'url.txt', text: (_, s) => `https://prodblob7.blob.core.windows.net/c?sp=racwdl&st=2026-01-01&se=2027-01-01&sv=2024-11-04&sr=c&sig=${s}\n` },
  ],
  'docker-config': [
    { path: '.docker/config.json', text: (_, s) => `{\n  "auths": {\n    "registry.internal": {\n      "auth": "${s}"\n    }\n  }\n}\n` },
    { path: 'pull-secret.json', text: (_, s) => `{"auths":{"https://index.docker.io/v1/":{"auth":"${s}"}}}` },
  ],
  jwk: [
    { path: 'jwk.json', text: (_, s) => `{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","d":"${s}","kid":"1"}\n` },
    { path: 'jwk-pretty.json', text: (_, s) => `{\n  "kty": "OKP",\n  "crv": "Ed25519",\n  "d": "${s}"\n}\n` },
  ],
  'logic-url': [
    { path: 'notify.ts', text: (_, s) => `await fetch('https://prod-17.westeurope.logic.azure.com:443/workflows/4f1c09d2b7/triggers/manual/paths/invoke?api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=${s}')\n` },
    { path: 'flow.txt', text: (_, s) => `https://default17.a1.environment.api.powerplatform.com/powerautomate/automations/direct/workflows/4f1c/triggers/manual/paths/invoke?api-version=1&sp=run&sig=${s}\n` },
  ],
  'db-url': ['postgres', 'postgresql', 'mysql', 'mongodb+srv', 'redis', 'rediss', 'amqp', 'amqps', 'mariadb', 'mssql', 'clickhouse', 'postgresql+asyncpg'].flatMap((scheme) => [
    { path: '.env', text: (n: string, s: string) => `${n}=${scheme}://agent:${s}@db-1.prod.internal:5432/app\n` },
    { path: 'config.json', text: (_: string, s: string) => `{"url": "${scheme}://agent:${s}@db-1.prod.internal/app?ssl=true"}\n` },
  ]),
  'http-url': [
    { path: '.git/config', text: (_, s) => `[remote "origin"]\n\turl = https://deploy:${s}@git.internal/team/agent.git\n` },
    { path: 'build.log', text: (_, s) => `fetching https://svc:${s}@artifacts.internal/npm/agent-1.2.0.tgz\n` },
    { path: 'requirements.txt', text: (_, s) => `--extra-index-url https://build:${s}@pypi.internal/simple\n` },
    { path: 'proxy.env', text: (_, s) => `HTTPS_PROXY=http://egress:${s}@proxy.internal:3128\n` },
  ],
  ado: [
    { path: 'appsettings.json', text: (_, s) => `{"ConnectionStrings":{"Main":"Server=tcp:db.prod.internal,1433;Database=app;User ID=agent;Password=${s};Encrypt=True"}}\n` },
    { path: 'web.config', text: (_, s) => `<add name="Main" connectionString="Data Source=db.prod.internal;Initial Catalog=app;User Id=agent;Password=${s};" />\n` },
    { path: 'job.py', text: (_, s) => `conn = pyodbc.connect('Driver={ODBC};Server=db.prod.internal;Uid=agent;Pwd=${s};')\n` },
  ],
  pgpass: [{ path: '.pgpass', text: (_, s) => `db-1.prod.internal:5432:app:agent:${s}\n` }, { path: 'pgpass.conf', text: (_, s) => `*:5432:*:agent:${s}` }],
  bearer: [
    { path: 'call.sh', text: (_, s) => `curl -H 'Authorization: Bearer ${s}' https://crm.internal/v1/accounts\n` },
    { path: 'mcp.json', text: (_, s) => `{"servers":{"crm":{"url":"https://crm.internal/mcp","headers":{"Authorization":"Bearer ${s}"}}}}\n` },
    { path: 'client.ts', text: (_, s) => `const headers = { authorization: 'Bearer ${s}' }\n` },
    { path: 'trace.log', text: (_, s) => `> POST /v1/run\n> Authorization: Bearer ${s}\n> Accept: */*\n` },
  ],
  basic: [
    { path: 'call.sh', text: (_, s) => `curl -H 'Authorization: Basic ${s}' https://crm.internal/v1/accounts\n` },
    { path: 'headers.json', text: (_, s) => `{"headers":{"Authorization":"Basic ${s}"}}\n` },
  ],
  query: [
    { path: '.mcp.json', text: (_, s) => `{"mcpServers":{"search":{"url":"https://mcp.search.internal/mcp?api_key=${s}"}}}\n` },
    { path: 'access.log', text: (_, s) => `GET /v1/items?limit=5&access_token=${s} HTTP/1.1\n` },
    { path: 'call.py', text: (_, s) => `requests.get("https://geo.internal/lookup?key=${s}&q=1")\n` },
  ],
}
