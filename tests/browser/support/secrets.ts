import type { Page } from 'playwright-core'

/** Everywhere in a page where a secret could have stayed. */
export async function tracesOf(page: Page, secret: string): Promise<string[]> {
  return await page.evaluate((text) => {
    const values = [...document.querySelectorAll<HTMLInputElement | HTMLTextAreaElement>('input, textarea')].map((field) => field.value)
    const attributes = [...document.querySelectorAll('*')].flatMap((element) => [...element.attributes].map((attribute) => attribute.value))
    const places: Record<string, string> = {
      text: document.documentElement.outerHTML,
      fields: values.join('\n'),
      attributes: attributes.join('\n'),
      address: window.location.href,
      history: JSON.stringify(window.history.state),
      localStorage: JSON.stringify({ ...localStorage }),
      sessionStorage: JSON.stringify({ ...sessionStorage }),
      cookies: document.cookie,
      name: window.name,
    }
    return Object.entries(places).flatMap(([place, content]) => (content.includes(text) ? [place] : []))
  }, secret)
}
