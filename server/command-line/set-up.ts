/** `team init`, `integration`, `idp` and `doctor`: from a bare organisation to a running TEAM. */
import { type AddCommand, example, withConfigFile } from './command.ts'

export const addInit: AddCommand = (program, act) => {
  withConfigFile(program.command('init'))
    .summary("Make TEAM's account delegated administrator")
    .description(
      "Enable trusted access for IAM Identity Center, CloudTrail and Account Management, and make TEAM's account their delegated administrator. Uses the profile orgMasterProfile, of the management account. Looks first; can be run again",
    )
    .option('--dry-run', 'say what would be done, and do nothing')
    .addHelpText('after', example('team init --dry-run'))
    .action(
      act<import('#server/set-up/init.ts').InitOptions>(async (asked) => {
        const { runInit } = await import('#server/set-up/init.ts')
        return runInit(asked)
      }),
    )
}

export const addIntegration: AddCommand = (program, act) => {
  withConfigFile(program.command('integration'))
    .summary('Print what is typed into the console of IAM Identity Center')
    .description(
      'Print the start URL, the ACS URL, the audience and the attribute mappings of the SAML application, and the steps in the console',
    )
    .addHelpText('after', example('team integration --config parameters.sh'))
    .action(
      act<import('#server/set-up/integration.ts').IntegrationOptions>(async (asked) => {
        const { runIntegration } = await import('#server/set-up/integration.ts')
        return runIntegration(asked)
      }),
    )
}

export const addIdp: AddCommand = (program, act) => {
  withConfigFile(program.command('idp'))
    .summary('Give the server the metadata of its application')
    .description(
      "Check the SAML metadata of TEAM's application in IAM Identity Center (sign-in address, certificates, their expiry) and write where it is into the configuration; without an address, check what is configured. Run it again when a certificate is replaced",
    )
    .option('--metadata-url <url>', 'its address; the server reads it again every hour')
    .option(
      '--metadata-file <file>',
      'the downloaded file; a copy is kept beside the configuration',
    )
    .option('--details <file>', "the sample's details.json, with its MetadataURL")
    .option(
      '--keep-previous',
      'with --metadata-file: go on believing the certificate of before, too',
    )
    .option('--dry-run', 'check, and write nothing')
    .addHelpText(
      'after',
      example(
        'team idp --metadata-url https://portal.sso.eu-west-1.amazonaws.com/saml/metadata/MTIzNDU2Nzg5MDEy',
      ),
    )
    .action(
      act<import('#server/set-up/idp.ts').IdpOptions>(async (asked) => {
        const { runIdp } = await import('#server/set-up/idp.ts')
        return runIdp(asked)
      }),
    )
}

export const addDoctor: AddCommand = (program, act) => {
  withConfigFile(program.command('doctor'))
    .summary('Check every prerequisite, and say how to mend it')
    .description(
      'Check every prerequisite by real calls, with the credentials and the settings of the server: a line each, with the command that mends it. Leaves with 1 if something failed; warnings do not count',
    )
    .addHelpText('after', example('team doctor --json'))
    .action(
      act<import('#server/set-up/doctor.ts').DoctorOptions>(async (asked) => {
        const { runDoctor } = await import('#server/set-up/doctor.ts')
        return runDoctor(asked)
      }),
    )
}
