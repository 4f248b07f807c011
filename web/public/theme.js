// Runs before the first paint and outside the bundle, so that a dark screen never flashes white.
// A file of its own because the content security policy allows no inline script.
;(function () {
  var choice = null
  try {
    choice = localStorage.getItem('parley.theme')
  } catch (_) {
    // Storage may be blocked; the system's choice is used then.
  }
  var dark = choice === 'dark' || (choice !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches)
  document.documentElement.setAttribute('data-mantine-color-scheme', dark ? 'dark' : 'light')
})()
