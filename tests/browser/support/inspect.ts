/** Runs in the page: what a person on a phone, with a screen reader or with weak eyes would stumble over. */
export function inspect() {
  const isVisible = (element: Element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true })
  const unnamed = [...document.querySelectorAll('button, a[href], input, select, textarea')].filter((element) => {
    if (!isVisible(element) || element.closest('[aria-hidden="true"]')) return false
    const labels = 'labels' in element ? [...((element as HTMLInputElement).labels ?? [])] : []
    return [element.textContent, element.getAttribute('aria-label'), ...labels.map((label) => label.textContent)].every(
      (name) => !name?.trim(),
    )
  })
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true })
  /** The colour as the browser paints it, over what is under it. */
  const rgb = (colours: readonly string[]): number[] => {
    if (!canvas) return []
    canvas.clearRect(0, 0, 1, 1)
    for (const colour of colours) {
      canvas.fillStyle = colour
      canvas.fillRect(0, 0, 1, 1)
    }
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3)
  }
  const luminance = (colour: readonly number[]) => {
    const [red = 0, green = 0, blue = 0] = colour.map((value) =>
      value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4,
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
  }
  const faint = [...document.querySelectorAll('body *')].flatMap((element) => {
    const own = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent?.trim())
    if (
      !own ||
      !isVisible(element) ||
      element.closest('.sr-only, [aria-hidden="true"], :disabled, [aria-disabled="true"], noscript, option')
    )
      return []
    const under: string[] = []
    for (let at: Element | null = element; at; at = at.parentElement) under.unshift(getComputedStyle(at).backgroundColor)
    const below = luminance(rgb(under))
    const above = luminance(rgb([...under, getComputedStyle(element).color]))
    const ratio = (Math.max(above, below) + 0.05) / (Math.min(above, below) + 0.05)
    return ratio < 4.5 ? [`${element.textContent?.slice(0, 30)} ${ratio.toFixed(2)}`] : []
  })
  return {
    sideways: Math.max(0, document.documentElement.scrollWidth - window.innerWidth),
    headings: document.querySelectorAll('h1').length,
    landmarks: document.querySelectorAll('main').length,
    unnamed: unnamed.map((element) => element.outerHTML.slice(0, 120)),
    faint,
  }
}
