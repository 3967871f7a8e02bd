export type PatientText = { readonly text: string; readonly label: string | null };

/** One entry per patient of the document. */
export function splitPatients(text: string): readonly PatientText[] {
  return [{ text, label: null }];
}
