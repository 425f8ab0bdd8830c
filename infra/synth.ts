/**
 * `node infra/synth.ts [FILE]`: the template of the stack for team.config.json, on standard output.
 * A program of its own, so that the server and the command line do without the CDK.
 */
import { readConfigFile } from '#server/config-file/read.ts'
import type { StackSettings } from './settings.ts'
import { stackSettings } from './settings.ts'
import { teamApp } from './team-stack.ts'

/** Without the notes for cdk-nag: what is sent to CloudFormation may be 51,200 bytes long. */
export function templateOf(settings: StackSettings): Readonly<Record<string, unknown>> {
  const { app, stack } = teamApp(settings)
  const { template } = app.synth().getStackByName(stack.stackName)
  return withoutNotes(template)
}

function withoutNotes(template: Record<string, Record<string, object>>) {
  const { Metadata: _notes, ...rest } = template
  const resources = Object.entries(template.Resources ?? {}).map(([id, resource]) => {
    const { Metadata: _path, ...kept } = resource as Record<string, unknown>
    return [id, kept]
  })
  return { ...rest, Resources: Object.fromEntries(resources) }
}

if (import.meta.main) {
  try {
    const place = { env: process.env, folder: process.cwd() }
    const { config } = await readConfigFile(place, process.argv[2])
    console.log(JSON.stringify(templateOf(stackSettings(config))))
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 1
  }
}
