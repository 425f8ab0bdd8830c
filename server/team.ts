#!/usr/bin/env node
/** `npm run team -- COMMAND`. */
import { runTeam } from './command-line/program.ts'

process.exitCode = await runTeam(process.argv.slice(2))
