/** As package.json has it; services are told it as part of the User-Agent. */
export const VERSION = '0.1.0';

/** What an export names as its maker. */
export const PROGRAM = `Anamnesis ${VERSION}`;
