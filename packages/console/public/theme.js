// Before the first paint, so that a chosen theme does not flash. Kept in localStorage: 'light', 'dark', or nothing for the system's.
try {
  const theme = localStorage.getItem('keyward-theme')
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme
} catch {
  // Storage is blocked: the system's theme it is.
}
