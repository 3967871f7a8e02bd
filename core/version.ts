/** As package.json has it; services are told it as part of the User-Agent. */
export const VERSION = '0.1.0';
