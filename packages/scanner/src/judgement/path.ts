/** What a place says about what stands in it. */
export type PlaceKind = 'lock' | 'test' | 'docs' | 'template' | 'vendored' | 'plain'

const lock =
  /(?:^|\/)(?:package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.ya?ml|bun\.lockb?|deno\.lock|cargo\.lock|go\.sum|poetry\.lock|uv\.lock|pdm\.lock|pipfile\.lock|composer\.lock|gemfile\.lock|flake\.lock|podfile\.lock|packages\.lock\.json|gradle\.lockfile|mix\.lock|pubspec\.lock|paket\.lock|project\.assets\.json|chart\.lock|\.terraform\.lock\.hcl|verification-metadata\.xml|MODULE\.bazel\.lock|[^/]+\.dist-info\/RECORD)$/i
const test =
  /(?:^|[/_.-])(?:tests?|specs?|fixtures?|__tests__|__mocks__|mocks?|testdata|test-data|cassettes|snapshots|dummy\w*|__snapshots__|e2e|testing|unittest)(?:[/_.-]|$)|(?:Test|Tests|Spec)\.(?:java|kt|cs|swift|scala|php)$/i
const template = /(?:\.|_|-)(?:example|sample|template|dist|tmpl|tpl|defaults?)(?:\.|$)|(?:^|\/)(?:examples?|samples?|templates?|demos?)\//i
const docs =
  /\.(?:md|mdx|rst|adoc|asciidoc|pod|man|[1-8])$|(?:^|\/)(?:docs?|documentation|guides?|tutorials?)\/|(?:^|\/)(?:PKG-INFO|METADATA)$|(?:^|\/)(?:readme|changelog|changes|history|news)(?:\.(?:md|rst|txt))?$/i
const vendored = /(?:^|\/)(?:node_modules|vendor|third_party|site-packages|dist-packages|bower_components|\.yarn|Pods)\//i

/** Tells from a path what kind of place it is; the most telling wins. */
export function placeKind(path: string): PlaceKind {
  if (path === '') return 'plain'
  if (lock.test(path)) return 'lock'
  if (test.test(path)) return 'test'
  if (template.test(path)) return 'template'
  if (vendored.test(path)) return 'vendored'
  return docs.test(path) ? 'docs' : 'plain'
}
