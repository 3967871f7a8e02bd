import type { Bundle, DocumentReference, FhirResource, Observation, Patient, Provenance } from 'fhir/r4.js';
import type { StoredCase } from '../../search/archive.ts';
import { SYSTEMS } from './fhir-codes.ts';
import { condition, diagnosisOf, resourceOf, treatmentOf } from './fhir-findings.ts';
import { concept, type Frame, idOf, META, narrative, quantity, referenceTo } from './fhir-parts.ts';
import { type ExportMeta, isOfPatient, referencesOf, type ShownCase, shownCase } from './shown.ts';
import { clean } from './words.ts';

/**
 * One case as a FHIR R4 bundle of type `collection` (https://hl7.org/fhir/R4/). What was found in relatives stands in
 * FamilyMemberHistory, what was only thought of nowhere. The patient has no name and no date of birth. Pure.
 */
export function fhirOf(stored: StoredCase, meta: ExportMeta): Bundle {
  const theCase = shownCase(stored);
  const { caseId, distillate } = theCase;
  const frame: Frame = {
    caseId,
    patient: referenceTo(caseId, 'patient'),
    report: referenceTo(caseId, 'report'),
    quoteAt: theCase.quoteAt,
  };
  const facts: readonly (FhirResource | null)[] = [
    ...(distillate.diagnosis === null ? [] : [diagnosisOf(frame, distillate.diagnosis, 'diagnosis', 'diagnosis')]),
    ...distillate.secondaryDiagnoses.map(({ text }, i) =>
      diagnosisOf(frame, text, 'secondary-diagnosis', `diagnosis ${i}`),
    ),
    ...theCase.findings.map((placed, i) => (isOfPatient(placed) ? null : resourceOf(frame, placed, `finding ${i}`))),
    ...distillate.treatments.map((finding, i) => treatmentOf(frame, finding, `treatment ${i}`)),
    ...distillate.complications.map((finding, i) =>
      finding.assertion === 'family' || finding.assertion === 'hypothetical'
        ? null
        : condition(frame, finding, `complication ${i}`, 'complication'),
    ),
    ageOf(frame, theCase),
    outcomeOf(frame, theCase),
  ];
  const told = facts.filter((resource): resource is FhirResource => resource !== null);
  const resources: readonly FhirResource[] = [
    patientOf(theCase),
    reportOf(frame, theCase),
    ...told,
    provenanceOf(theCase, told, meta),
  ];
  return {
    resourceType: 'Bundle',
    id: idOf(caseId, 'bundle'),
    meta: META,
    identifier: { system: 'urn:x-anamnesis:case', value: clean(caseId) },
    type: 'collection',
    timestamp: meta.createdAt,
    entry: resources.map((resource) => ({ fullUrl: `urn:uuid:${resource.id}`, resource })),
  };
}

function patientOf({ caseId, extracted: { patient }, distillate }: ShownCase): Patient {
  const { sex } = patient;
  return {
    resourceType: 'Patient',
    id: idOf(caseId, 'patient'),
    meta: META,
    text: narrative(`The patient of a published case, ${sex ?? 'sex not stated'}`),
    gender: sex ?? 'unknown',
    ...(distillate.outcome.status === 'deceased' ? { deceasedBoolean: true } : {}),
  };
}

function ageOf(frame: Frame, { extracted: { patient } }: ShownCase): Observation | null {
  if (patient.ageYears === null) return null;
  return {
    resourceType: 'Observation',
    id: idOf(frame.caseId, 'age'),
    meta: META,
    text: narrative(`Age: ${patient.ageYears} years`),
    status: 'final',
    category: [concept({ system: SYSTEMS.observationCategory, code: 'social-history' })],
    code: concept({ system: SYSTEMS.loinc, code: '30525-0', display: 'Age' }, 'age'),
    subject: frame.patient,
    derivedFrom: [frame.report],
    valueQuantity: quantity(patient.ageYears, 'a'),
  };
}

function outcomeOf(frame: Frame, { distillate: { outcome } }: ShownCase): Observation | null {
  const { status, followUpMonths } = outcome;
  if (status === 'unknown' && followUpMonths === null) return null;
  return {
    resourceType: 'Observation',
    id: idOf(frame.caseId, 'outcome'),
    meta: META,
    text: narrative(`Outcome: ${status}${followUpMonths === null ? '' : ` after ${followUpMonths} months`}`),
    status: 'final',
    code: concept({ system: SYSTEMS.term, code: 'outcome' }, 'outcome'),
    subject: frame.patient,
    derivedFrom: [frame.report],
    valueCodeableConcept: concept({ system: SYSTEMS.outcome, code: status }, status),
    ...(followUpMonths === null
      ? {}
      : {
          component: [
            {
              code: concept({ system: SYSTEMS.term, code: 'follow-up' }, 'follow-up'),
              valueQuantity: quantity(followUpMonths, 'mo'),
            },
          ],
        }),
  };
}

/** The report that it all comes from: the citation, where to read it, and what may be done with it. */
function reportOf(frame: Frame, theCase: ShownCase): DocumentReference {
  const { caseId, citation, address, provenance, remarks } = theCase;
  return {
    resourceType: 'DocumentReference',
    id: idOf(caseId, 'report'),
    meta: META,
    text: narrative(citation, ...remarks),
    identifier: referencesOf(theCase).map((value) => ({ system: 'urn:x-anamnesis:reference', value: clean(value) })),
    status: 'current',
    type: { text: 'published case report' },
    subject: frame.patient,
    description: clean([citation, ...remarks].join('\n')),
    content: [
      {
        attachment: {
          contentType: 'text/html',
          ...(address === null ? {} : { url: address }),
          title: clean(provenance.title ?? caseId),
        },
      },
    ],
  };
}

const provenanceOf = ({ caseId }: ShownCase, told: readonly FhirResource[], meta: ExportMeta): Provenance => ({
  resourceType: 'Provenance',
  id: idOf(caseId, 'provenance'),
  meta: META,
  target: [referenceTo(caseId, 'patient'), ...told.map(({ id }) => ({ reference: `urn:uuid:${id}` }))],
  recorded: meta.createdAt,
  agent: [
    {
      type: concept({ system: SYSTEMS.provenanceAgent, code: 'assembler' }),
      who: { display: meta.createdBy },
    },
  ],
  entity: [{ role: 'source', what: referenceTo(caseId, 'report') }],
});
