/** For `npx cdk synth`: the stack of team.config.json, with AWS's rules asked of it. */
import { Aspects } from 'aws-cdk-lib'
import { AwsSolutionsChecks } from 'cdk-nag'
import { readConfigFile } from '#server/config-file/read.ts'
import { stackSettings } from './settings.ts'
import { teamApp } from './team-stack.ts'

try {
  const place = { env: process.env, folder: process.cwd() }
  const { config } = await readConfigFile(place, undefined)
  const { app } = teamApp(stackSettings(config))
  Aspects.of(app).add(new AwsSolutionsChecks())
  app.synth()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
