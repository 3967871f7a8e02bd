import type { Onset, Severity } from '../../../schema/vocabulary.ts';
import type { OntologyClass, Resource } from './phenopacket-types.ts';
import { isUcum } from './ucum.ts';
import { clean, nameOf, OWN_PREFIX, OWN_URN, slug } from './words.ts';

/**
 * Most findings have no code of an ontology, and every term of a phenopacket must have one whose prefix is declared. They get
 * CURIEs of our own, made of the facet and the name: valid, equal for equal findings, and never mistaken for a term of HPO.
 * A code that the operator's vocabulary brought (`HP:…`) is used where there is one.
 */
export const ownTerm = (kind: string, name: string, label = name): OntologyClass => ({
  id: `${OWN_PREFIX}:${kind}.${slug(name)}`,
  label: clean(label),
});

/** Kind and name of an own term; null for a term of somebody else. */
export function readOwnTerm(id: string): { readonly kind: string; readonly name: string } | null {
  const match = /^ANAMNESIS:([a-z-]+)\.(.*)$/s.exec(id);
  const name = nameOf(match?.[2] ?? '');
  return match === null || name === null ? null : { kind: match[1] ?? '', name };
}

export const isHpo = (code: string): boolean => /^HP:\d{7}$/.test(code);

export const SEVERITY_TERMS: Readonly<Record<Severity, OntologyClass>> = {
  mild: { id: 'HP:0012825', label: 'Mild' },
  moderate: { id: 'HP:0012826', label: 'Moderate' },
  severe: { id: 'HP:0012828', label: 'Severe' },
};

/** HPO's temporal patterns; `intermittent` has no term there that means no more than that. */
export const ONSET_TERMS: Readonly<Record<Onset, OntologyClass>> = {
  acute: { id: 'HP:0011009', label: 'Acute' },
  subacute: { id: 'HP:0011011', label: 'Subacute' },
  chronic: { id: 'HP:0011010', label: 'Chronic' },
  intermittent: ownTerm('onset', 'intermittent'),
};

const NO_UNIT: OntologyClass = ownTerm('unit', 'not stated');

export function unitTerm(unit: string | undefined): OntologyClass {
  if (unit === undefined) return NO_UNIT;
  return isUcum(unit) ? { id: `UCUM:${unit}`, label: unit } : ownTerm('unit', unit);
}

export function readUnitTerm({
  id,
  label,
}: {
  readonly id: string;
  readonly label?: string | undefined;
}): string | undefined {
  if (id === NO_UNIT.id) return undefined;
  if (id.startsWith('UCUM:')) return id.slice('UCUM:'.length);
  return readOwnTerm(id)?.name ?? label ?? id;
}

const RESOURCES: readonly Resource[] = [
  {
    id: 'hp',
    name: 'human phenotype ontology',
    url: 'http://purl.obolibrary.org/obo/hp.owl',
    // Of the terms that are written here; an operator may have loaded a later one.
    version: '2024-08-13',
    namespacePrefix: 'HP',
    iriPrefix: 'http://purl.obolibrary.org/obo/HP_',
  },
  {
    id: 'ucum',
    name: 'Unified Code for Units of Measure',
    url: 'https://ucum.org',
    version: '2.1',
    namespacePrefix: 'UCUM',
    iriPrefix: 'http://unitsofmeasure.org/',
  },
];

/** The resources of every prefix that stands in a packet. `version` is that of the vocabulary of findings. */
export function resourcesOf(packet: unknown, version: string): readonly Resource[] {
  const used = new Set([...JSON.stringify(packet).matchAll(/"id":"(HP|UCUM):/g)].map((match) => match[1]));
  return [
    {
      id: 'anamnesis',
      name: 'Anamnesis terms of clinical findings',
      url: `${OWN_URN}term`,
      version,
      namespacePrefix: OWN_PREFIX,
      iriPrefix: `${OWN_URN}term:`,
    },
    ...RESOURCES.filter(({ namespacePrefix }) => used.has(namespacePrefix)),
  ];
}
