// Before the first paint, so that the page does not flash in the other scheme. Mantine keeps the choice under this name.
(function () {
  var chosen = null;
  try {
    chosen = localStorage.getItem('mantine-color-scheme-value');
  } catch (unavailable) {
    // Storage may be forbidden; then the system's scheme it is.
  }
  if (chosen !== 'light' && chosen !== 'dark')
    chosen = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
  document.documentElement.setAttribute('data-mantine-color-scheme', chosen);
})();
