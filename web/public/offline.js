// Says what waits, and comes back by itself. A file of its own because the content security policy allows no inline one.
;(function () {
  var kept = 0
  try {
    // The texts themselves stay unshown: nobody knows here who looks.
    kept = Object.keys(localStorage).filter(function (key) {
      return key.indexOf('parley.draft.') === 0
    }).length
  } catch (_) {
    // Storage may be blocked; nothing is kept then.
  }
  if (kept > 0) {
    var line = document.getElementById('kept')
    line.textContent = kept === 1 ? 'The text that you had begun is kept.' : 'The ' + kept + ' texts that you had begun are kept.'
    line.hidden = false
  }
  function again() {
    location.reload()
  }
  document.getElementById('again').addEventListener('click', again)
  // Asked of the server itself: a network that is there need not lead to it.
  setInterval(function () {
    fetch('/healthz', { method: 'HEAD', cache: 'no-store' }).then(again, function () {})
  }, 3000)
})()
