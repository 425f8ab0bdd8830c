/** AWS as the rest of the program sees it: ports, made from the SDK's clients. */
import type { GroupId } from '#core/ids.ts'
import { type FindSource, logRecordsMax } from '#server/audit/session-logs/source.ts'
import { createAssignments } from '#server/aws/assignments.ts'
import { type AwsClientsOptions, createAwsClients } from '#server/aws/clients.ts'
import { createDirectoryReader } from '#server/aws/directory-reader.ts'
import { createInsightsLog } from '#server/aws/insights-log.ts'
import { createInstanceFinder } from '#server/aws/instance.ts'
import { createLakeLog } from '#server/aws/lake-log.ts'
import { createMail } from '#server/aws/mail.ts'
import { createObjects } from '#server/aws/objects.ts'
import { createPeople } from '#server/aws/people.ts'
import { createProvisionedSets } from '#server/aws/provisioned-sets.ts'
import { createTopic } from '#server/aws/topic.ts'
import { type Budget, createBudget } from '#server/engine/budget.ts'
import type { Database } from '#server/store/database.ts'
import type { Metrics } from './metrics.ts'

/** What a test says in place of the environment. */
export type AwsOverrides = Pick<
  AwsClientsOptions,
  'endpoint' | 'credentials' | 'requestHandler' | 'region'
> & { readonly budget?: Budget }

export function openAws(
  options: { database: Database; metrics: Metrics; region: string | null },
  overrides: AwsOverrides = {},
) {
  const { db } = options.database
  const { budget = createBudget({ db }), ...clientOverrides } = overrides
  const clients = createAwsClients({
    ...(options.region !== null && { region: options.region }),
    ...clientOverrides,
    budget,
    countCall: options.metrics.countAwsCall,
  })
  const instance = createInstanceFinder(clients)
  const knownGroups = async () => {
    const rows = await db
      .selectFrom('directory_group')
      .select('group_id')
      .where('gone_at', 'is', null)
      .execute()
    return rows.map((row) => row.group_id as GroupId)
  }
  const findLogSource: FindSource = (place) => {
    const logOptions = { clients, recordsMax: logRecordsMax }
    return place.source === 'cloudwatch_logs'
      ? createInsightsLog(place, logOptions)
      : createLakeLog(place, logOptions)
  }
  return {
    budget,
    instance,
    engineAssignments: createAssignments({ clients, instance, lane: 'engine' }),
    otherAssignments: createAssignments({ clients, instance, lane: 'other' }),
    exploringAssignments: createAssignments({ clients, instance, lane: 'explore' }),
    provisionedSets: createProvisionedSets({ clients, instance, lane: 'explore' }),
    objects: createObjects({ clients, instance }),
    people: createPeople({ clients, instance, knownGroups }),
    directoryReader: createDirectoryReader({ clients, instance }),
    mail: createMail({ clients }),
    topic: createTopic({ clients }),
    findLogSource,
    close: () => clients.close(),
  }
}

export type AwsSide = ReturnType<typeof openAws>
