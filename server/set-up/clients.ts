/** AWS as a command calls it: by the profile and Region of the configuration, else as every SDK does. */
import { type AwsClients, createAwsClients } from '#server/aws/clients.ts'
import { pacedBudget } from '#server/aws/paced.ts'
import { CannotDo } from '#server/command-line/shell.ts'

export async function withClients<Result>(
  { region, profile }: { region: string | undefined; profile: string | undefined },
  work: (clients: AwsClients) => Promise<Result>,
): Promise<Result> {
  const clients = createAwsClients({
    ...(region !== undefined && { region }),
    ...(profile !== undefined && { profile }),
    budget: pacedBudget(),
    countCall: () => undefined,
  })
  try {
    return await work(clients)
  } finally {
    clients.close()
  }
}

/** AWS's own words, and whose credentials they were said to. */
export function inAwsWords(error: unknown, profile: string | undefined): unknown {
  if (!(error instanceof Error)) return error
  const isOfAws = error.name === 'AwsReadError' || error.name === 'CredentialsProviderError'
  if (!isOfAws) return error
  const whose =
    profile === undefined ? 'the credentials of the environment' : `the profile ${profile}`
  return new CannotDo(`AWS refused, with ${whose}: ${error.message}`)
}
