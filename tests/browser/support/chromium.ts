import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

const places = [
  process.env.KEYWARD_CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

/** Starts Chromium: the one of KEYWARD_CHROMIUM, or the system's. It talks to nobody but us. */
export async function startChromium(): Promise<Browser> {
  const executablePath = places.find((place) => place && existsSync(place))
  if (executablePath === undefined)
    throw new Error(
      'The browser tests need Chromium. Fix: sudo apt-get install --no-install-recommends chromium, or set KEYWARD_CHROMIUM to a Chromium or Chrome.',
    )
  return await chromium.launch({
    executablePath,
    args: [
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
      '--disable-dev-shm-usage',
    ],
  })
}
