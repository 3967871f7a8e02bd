/** What each case was made of and by which code: for the next build. Outside of `contentHash`, since it speaks of the database's rows. */
export const ORIGINS_FILE = 'origins.bin';
