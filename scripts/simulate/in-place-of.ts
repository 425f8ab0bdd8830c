/** Loaded before all else in a process that simulates a mutant: some files are not read as they are. */
import { registerHooks } from 'node:module'

const inPlaceOf = new Map<string, string>(
  Object.entries(JSON.parse(process.env.SIMULATE_IN_PLACE_OF ?? '{}')),
)

registerHooks({
  load(url, context, nextLoad) {
    const source = inPlaceOf.get(url)
    if (source === undefined) return nextLoad(url, context)
    return { format: 'module-typescript', source, shortCircuit: true }
  },
})
