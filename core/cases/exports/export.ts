import type { StoredCase } from '../../search/archive.ts';
import { fhirOf } from './fhir.ts';
import { markdownOf } from './markdown.ts';
import { phenopacketOf } from './phenopacket.ts';
import { risOf } from './ris.ts';
import type { ExportMeta } from './shown.ts';
import { fileNameOf } from './words.ts';

export const EXPORT_FORMATS = ['phenopacket', 'fhir', 'markdown', 'ris'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** A file as it is sent or written; the name is made of safe characters alone. */
export type ExportFile = { readonly name: string; readonly contentType: string; readonly body: string };

/** One case of a release, with what an export says of the release. */
export type Exportable = {
  readonly stored: StoredCase;
  readonly release: { readonly version: number; readonly createdAt: string };
};

type Format = {
  readonly contentType: string;
  readonly extension: string;
  readonly write: (stored: StoredCase, meta: ExportMeta) => string;
};

const jsonText = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

export const FORMATS: Readonly<Record<ExportFormat, Format>> = {
  phenopacket: {
    contentType: 'application/json',
    extension: 'phenopacket.json',
    write: (stored, meta) => jsonText(phenopacketOf(stored, meta)),
  },
  fhir: {
    contentType: 'application/fhir+json',
    extension: 'fhir.json',
    write: (stored, meta) => jsonText(fhirOf(stored, meta)),
  },
  markdown: { contentType: 'text/markdown', extension: 'md', write: markdownOf },
  ris: { contentType: 'application/x-research-info-systems', extension: 'ris', write: risOf },
};

/** One case in one format. Pure: the same case of the same release gives the same bytes. */
export function exportCase({ stored, release }: Exportable, format: ExportFormat, program: string): ExportFile {
  const { contentType, extension, write } = FORMATS[format];
  const meta = { createdAt: release.createdAt, createdBy: `${program}, release ${release.version}` };
  return { name: fileNameOf(stored.caseId, extension), contentType, body: write(stored, meta) };
}
