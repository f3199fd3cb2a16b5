/** Runs before the first paint, so that a remembered theme does not flash: a classic script, no imports. */
try {
  const theme = localStorage.getItem('theme')
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme
} catch {
  // No storage (private window): the system decides.
}
