// Before the first paint, so that a dark page never flashes white. A file of its own because the
// content security policy allows no inline script; `theme.ts` keeps the stored choice up to date.
;(() => {
  let choice = 'system'
  try {
    choice = localStorage.getItem('team.theme') ?? 'system'
  } catch {
    // Storage is forbidden: the system's theme it is.
  }
  const dark =
    choice === 'dark' || (choice === 'system' && matchMedia('(prefers-color-scheme: dark)').matches)
  if (dark) document.body.classList.add('awsui-dark-mode')
})()
