/**
 * The part of Phenopacket Schema 2.0 that we write and read, as protobuf's JSON has it
 * (https://phenopacket-schema.readthedocs.io/en/2.0.0/, https://protobuf.dev/programming-guides/json/).
 */

export type OntologyClass = { readonly id: string; readonly label: string };
export type TimeElement = { readonly age: { readonly iso8601duration: string } };
export type Quantity = {
  readonly unit: OntologyClass;
  readonly value: number;
  readonly referenceRange?: { readonly unit: OntologyClass; readonly low: number; readonly high: number };
};
export type Value = { readonly quantity: Quantity } | { readonly ontologyClass: OntologyClass };

export type PhenotypicFeature = {
  readonly description?: string;
  readonly type: OntologyClass;
  readonly excluded?: boolean;
  readonly severity?: OntologyClass;
  readonly modifiers?: readonly OntologyClass[];
};
export type Measurement = {
  readonly description?: string;
  readonly assay: OntologyClass;
  readonly value: Value;
};
export type Disease = { readonly term: OntologyClass; readonly excluded?: boolean };
export type MedicalAction =
  | { readonly procedure: { readonly code: OntologyClass } }
  // A dose needs its frequency and its dates, which a report seldom states.
  | { readonly treatment: { readonly agent: OntologyClass; readonly routeOfAdministration?: OntologyClass } };
export type ExternalReference = { readonly id: string; readonly reference?: string; readonly description?: string };
export type Resource = {
  readonly id: string;
  readonly name: string;
  readonly url: string;
  readonly version: string;
  readonly namespacePrefix: string;
  readonly iriPrefix: string;
};

export type Phenopacket = {
  readonly id: string;
  readonly subject: {
    readonly id: string;
    readonly timeAtLastEncounter?: TimeElement;
    readonly vitalStatus?: { readonly status: 'DECEASED' };
    readonly sex: 'UNKNOWN_SEX' | 'FEMALE' | 'MALE';
  };
  readonly phenotypicFeatures?: readonly PhenotypicFeature[];
  readonly measurements?: readonly Measurement[];
  readonly diseases?: readonly Disease[];
  readonly medicalActions?: readonly MedicalAction[];
  readonly metaData: {
    readonly created: string;
    readonly createdBy: string;
    readonly resources: readonly Resource[];
    readonly updates: readonly { readonly timestamp: string; readonly comment: string }[];
    readonly phenopacketSchemaVersion: '2.0';
    readonly externalReferences: readonly ExternalReference[];
  };
};
