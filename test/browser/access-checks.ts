/**
 * Checks that run inside the page; each is handed over as its source, so it stands alone: nothing from outside it may
 * be used.
 */

/** What a screen reader could only call by its kind. Sorted. */
export const unnamed_parts = (): string[] => {
  const text_of = (ids: string | null): string =>
    (ids ?? '')
      .split(' ')
      .map(id => document.getElementById(id)?.textContent ?? '')
      .join(' ')
  const name_of = (element: Element): string =>
    [
      element.getAttribute('aria-label') ?? '',
      text_of(element.getAttribute('aria-labelledby')),
      element instanceof HTMLInputElement || element instanceof HTMLSelectElement
        ? [...(element.labels ?? [])].map(label => label.textContent).join(' ')
        : (element.textContent ?? ''),
    ]
      .join(' ')
      .trim()
  const found: string[] = []
  for (const element of document.querySelectorAll(
    'a, button, input, select, summary, canvas, [role=img], [role=group]',
  ))
    if (element.checkVisibility() && name_of(element) === '')
      found.push(`${element.tagName.toLowerCase()} has no name`)
  for (const section of document.querySelectorAll('section, aside, dialog'))
    if (!section.hasAttribute('aria-label') && text_of(section.getAttribute('aria-labelledby')).trim() === '')
      found.push(`${section.tagName.toLowerCase()} has no name`)
  for (const table of document.querySelectorAll('table')) {
    if (!table.caption?.textContent) found.push('table has no caption')
    if (table.querySelector('th:not([scope])')) found.push('table has headings without scope')
  }
  for (const fieldset of document.querySelectorAll('fieldset'))
    if (!fieldset.querySelector('legend')?.textContent) found.push('fieldset has no legend')
  const ids = [...document.querySelectorAll('[id]')].map(({ id }) => id)
  for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) found.push(`${id} is there twice`)
  let level = 0
  for (const heading of document.querySelectorAll('h1, h2, h3, h4')) {
    const next = Number(heading.tagName[1])
    if (next > level + 1) found.push(`${heading.textContent} skips a level`)
    level = next
  }
  return found.sort()
}

/** Texts whose colour is too close to what is behind them: below 4.5:1, or 3:1 where they are large. */
export const low_contrasts = (): string[] => {
  type Colour = readonly [number, number, number, number]
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true })!
  const colour_of = (css: string): Colour => {
    canvas.clearRect(0, 0, 1, 1)
    canvas.fillStyle = css
    canvas.fillRect(0, 0, 1, 1)
    const [r = 0, g = 0, b = 0, a = 0] = canvas.getImageData(0, 0, 1, 1).data
    return [r, g, b, a / 255]
  }
  const over = (top: Colour, below: Colour, opacity = 1): Colour => {
    const alpha = top[3] * opacity
    const mix = (at: 0 | 1 | 2) => top[at] * alpha + below[at] * (1 - alpha)
    return [mix(0), mix(1), mix(2), 1]
  }
  const light_of = ([r, g, b]: Colour): number => {
    const linear = (part: number) =>
      part / 255 <= 0.03928 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4
    return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b)
  }
  const found: string[] = []
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement
    const text = node.textContent?.trim()
    if (
      !element ||
      !text ||
      !element.checkVisibility() ||
      element.closest('.hidden, .skip, noscript, option')
    )
      continue
    const chain: Element[] = []
    for (let at: Element | null = element; at; at = at.parentElement) chain.unshift(at)
    let ground: Colour = [255, 255, 255, 1]
    let opacity = 1
    for (const each of chain) {
      const style = getComputedStyle(each)
      ground = over(colour_of(style.backgroundColor), ground)
      opacity *= Number(style.opacity)
    }
    const style = getComputedStyle(element)
    const [a, b] = [light_of(over(colour_of(style.color), ground, opacity)), light_of(ground)].sort(
      (x, y) => y - x,
    )
    const ratio = (a! + 0.05) / (b! + 0.05)
    const size = Number.parseFloat(style.fontSize)
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700)
    if (ratio < (large ? 3 : 4.5)) found.push(`${ratio.toFixed(2)} ${text.slice(0, 40)}`)
  }
  return found
}
