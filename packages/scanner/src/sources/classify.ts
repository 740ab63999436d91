/** What a file is by its name, where that says something about how a secret got there. The first that fits. */
const kinds: readonly (readonly [RegExp, string])[] = [
  [/(?:^|\/)\.env(?:\.[\w.-]+)?$|\.env$/, 'dotenv'],
  [
    /(?:^|\/)(?:\.?mcp(?:_settings|-config|_config)?\.json|claude_desktop_config\.json|mcp_servers?\.json|cline_mcp_settings\.json|kilo_mcp_settings\.json)$|(?:^|\/)\.codex\/config\.toml$|(?:^|\/)\.?(?:config\/)?goose\/config\.ya?ml$|(?:^|\/)\.gemini\/settings\.json$|(?:^|\/)\.?(?:config\/)?opencode\/opencode\.jsonc?$|(?:^|\/)\.claude\.json$/i,
    'MCP client configuration',
  ],
  [
    /(?:^|\/)\.(?:bash|zsh|sh|fish|python|node_repl|psql|mysql|sqlite|irb|rediscli)_history$|fish_history$|ConsoleHost_history\.txt$/,
    'shell history',
  ],
  [
    /(?:^|\/)\.github\/workflows\/[^/]+\.ya?ml$|\.gitlab-ci\.ya?ml$|(?:^|\/)Jenkinsfile|azure-pipelines\.ya?ml$|\.circleci\/config\.yml$|bitbucket-pipelines\.yml$|\.drone\.yml$|buildkite\/.*\.ya?ml$/,
    'CI definition',
  ],
  [
    /(?:^|\/)\.(?:claude|codex|gemini|cursor|aider|continue|cline|roo|goose|copilot|windsurf|opencode)(?:\/|\.|-).*(?:history|session|transcript|conversation|projects?\/|chat|input).*|\.aider\.(?:chat|input)\.history/i,
    'agent transcript',
  ],
  [/(?:^|\/)\.?(?:vscode|cursor|idea|zed)\/.*\.(?:json|xml)$|\/Code(?: - Insiders)?\/User\/.*\.json$/, 'editor settings'],
  [/\.tfstate(?:\.\w+)*$/, 'Terraform state'],
  [/\.tfvars(?:\.json)?$/, 'Terraform variables'],
  [/\.ipynb$/, 'notebook'],
  [/\.(?:eml|mbox|mbx)$/i, 'mail'],
  [/\.(?:js|css|mjs|cjs)\.map$/, 'source map'],
  [/\.(?:min|bundle|chunk)\.(?:js|mjs|css)$/, 'browser bundle'],
  [/(?:^|\/)Dockerfile(?:\.[\w-]+)?$|(?:^|\/)(?:docker-)?compose(?:\.[\w-]+)?\.ya?ml$/, 'container definition'],
  [/(?:^|\/)(?:values(?:[.-][\w-]+)?\.ya?ml|kustomization\.ya?ml)$/, 'Kubernetes manifest'],
  [
    /(?:^|\/)(?:\.npmrc|\.pypirc|\.netrc|_netrc|\.git-credentials|\.dockercfg|\.docker\/config\.json|\.aws\/credentials|\.kube\/config|\.my\.cnf|\.pgpass)$/,
    'credentials file',
  ],
  [/\.(?:log|jsonl|ndjson)(?:\.\d+)?$/i, 'log'],
]

export function classify(path: string): string | undefined {
  return kinds.find(([pattern]) => pattern.test(path))?.[1]
}
