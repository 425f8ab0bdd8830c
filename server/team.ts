/** `npm run team -- COMMAND`: each command is a file of its own, loaded when it is asked for. */
const args = process.argv.slice(2)

if (args[0] === 'audit') {
  const { runAudit } = await import('./audit/command.ts')
  const { code, text } = await runAudit(args)
  if (code === 2) console.error(text)
  else console.log(text)
  process.exitCode = code
} else {
  await import('./recover.ts')
}
