/** Light and dark: the system's unless the reader chose; and the colours of the theme for what is drawn. */

type Theme = 'system' | 'light' | 'dark'

const remembered = (): Theme => {
  const { theme } = document.documentElement.dataset
  return theme === 'light' || theme === 'dark' ? theme : 'system'
}

const apply = (theme: Theme): void => {
  const { dataset } = document.documentElement
  if (theme === 'system') delete dataset.theme
  else dataset.theme = theme
  try {
    if (theme === 'system') localStorage.removeItem('theme')
    else localStorage.setItem('theme', theme)
  } catch {
    // No storage: the choice holds until the page is closed.
  }
}

/** `changed` is called when colours have become others, for the charts to be drawn anew. */
export const start_theme = (element: HTMLElement, changed: () => void): void => {
  for (const input of element.querySelectorAll('input')) input.checked = input.value === remembered()
  element.addEventListener('change', event => {
    if (!(event.target instanceof HTMLInputElement)) return
    apply(event.target.value as Theme)
    changed()
  })
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', changed)
}

let probe: HTMLElement | null = null

/** What a custom property of colour is now; `alpha` from 0 to 1 makes it see-through. */
export const colour = (name: string, alpha = 1): string => {
  if (!probe) {
    probe = document.createElement('span')
    probe.hidden = true
    document.body.append(probe)
  }
  probe.style.color = `var(--${name})`
  const rgb = getComputedStyle(probe).color
  return alpha === 1 ? rgb : rgb.replace(/^rgb\((.*)\)$/, `rgba($1, ${alpha})`)
}

/** Colours of things that are told apart, not ordered; for the colour-blind too. The last is for the rest. */
export const SERIES = 8
export const series_name = (at: number): string => `series-${Math.min(at, SERIES - 1) + 1}`
