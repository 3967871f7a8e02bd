CREATE TABLE `distillate` (
	`case_id` text PRIMARY KEY NOT NULL,
	`is_rare` integer NOT NULL,
	`distiller` text NOT NULL,
	`body` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `document` (
	`key` text PRIMARY KEY NOT NULL,
	`source` text NOT NULL,
	`format` text NOT NULL,
	`raw` blob NOT NULL,
	`sha256` text NOT NULL,
	`locator` text NOT NULL,
	`retrieved_at_ms` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `facet` (
	`case_id` text NOT NULL,
	`facet` text NOT NULL,
	`text` text NOT NULL,
	`findings` text NOT NULL,
	PRIMARY KEY(`case_id`, `facet`),
	CONSTRAINT "facet_known" CHECK(facet in ('symptoms','ecg','labs','demographics','imaging'))
);
--> statement-breakpoint
CREATE TABLE `generation` (
	`fingerprint` text PRIMARY KEY NOT NULL,
	`embedder` text NOT NULL,
	`dimension` integer NOT NULL,
	`bytes` integer NOT NULL,
	`fitted_on` integer NOT NULL,
	`created_at_ms` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `generation_part` (
	`fingerprint` text NOT NULL,
	`part` integer NOT NULL,
	`data` blob NOT NULL,
	PRIMARY KEY(`fingerprint`, `part`)
);
--> statement-breakpoint
CREATE TABLE `patient_case` (
	`case_id` text PRIMARY KEY NOT NULL,
	`document_key` text NOT NULL,
	`ordinal` integer NOT NULL,
	`text` text NOT NULL,
	`age_years` real,
	`sex` text,
	`completeness` real NOT NULL,
	`extractor` text NOT NULL,
	`withdrawn` integer DEFAULT 0 NOT NULL,
	`returns` integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE INDEX `patient_case_document` ON `patient_case` (`document_key`);--> statement-breakpoint
CREATE INDEX `patient_case_withdrawn` ON `patient_case` (`case_id`) WHERE withdrawn = 1;--> statement-breakpoint
CREATE TABLE `publication` (
	`document_key` text PRIMARY KEY NOT NULL,
	`source` text NOT NULL,
	`title` text,
	`authors` text NOT NULL,
	`journal` text,
	`publication_date` text,
	`pmid` text,
	`pmcid` text,
	`doi` text,
	`url` text,
	`licence` text,
	`lang` text
);
--> statement-breakpoint
CREATE TABLE `release` (
	`version` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`state` text NOT NULL,
	`lease_id` integer NOT NULL,
	`generation` text NOT NULL,
	`case_count` integer DEFAULT 0 NOT NULL,
	`content_hash` text DEFAULT '' NOT NULL,
	`started_at_ms` integer NOT NULL,
	`published_at_ms` integer
);
--> statement-breakpoint
CREATE TABLE `vector` (
	`case_id` text NOT NULL,
	`generation` text NOT NULL,
	`views` integer NOT NULL,
	`data` blob NOT NULL,
	PRIMARY KEY(`case_id`, `generation`)
);
--> statement-breakpoint
CREATE TRIGGER patient_case_owner BEFORE UPDATE OF document_key ON patient_case WHEN OLD.document_key <> NEW.document_key BEGIN
	SELECT RAISE(ABORT, 'the case id belongs to another document');
END;--> statement-breakpoint
INSERT INTO meta(key, value) VALUES ('corpus_schema', '1');
