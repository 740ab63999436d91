/** A page without scripts that nobody frames and that loads nothing. */
const headers: Readonly<Record<string, string>> = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-frame-options': 'DENY',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
}

/** Nobody is sent anywhere: the person is told what is wrong. */
export function notTrustedPage(status: 400 | 503, why: string): Response {
  return page(
    status,
    'This request was stopped',
    `<p>${escaped(why)}.</p>
<p>An app sent you here to connect it to Keyward, and its request can't be trusted as it is. Nothing was connected. Close this page; whoever
makes the app can mend it.</p>`,
  )
}

/** The client may hear of it, but only if the person goes there: nobody here vouches for its address (RFC 9700 section 4.11.2). */
export function refusedPage(why: string, to: string): Response {
  const url = new URL(to)
  const host = url.host === '' ? url.protocol : url.host
  return page(
    400,
    'This request was refused',
    `<p>The app asked for something that Keyward does not give: ${escaped(why)}. Nothing was connected.</p>
<p><a href="${escaped(to)}" rel="noreferrer">Go back to ${escaped(host)}</a>, if that is where you came from.</p>`,
  )
}

function page(status: number, title: string, body: string): Response {
  const text = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title} · Keyward</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><style>
html{background:light-dark(#f6f5f1,#0d1211);color:light-dark(#18211e,#e8ece9)}a{color:light-dark(#0a5447,#86dfc9)}
body{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:12vh auto 0;padding:0 1.25rem}h1{font-size:1.5rem;line-height:1.25}p{overflow-wrap:anywhere}
</style></head><body><h1>${title}</h1>
${body}</body></html>
`
  return new Response(text, { status, headers })
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (one) => `&#${one.charCodeAt(0)};`)
}
