import { z } from 'zod';

/** The schema of casper:signals, and of what a region says of its grid. docs/signals.md says what each source is. */

/** Clouds whose regions casper knows the grid zones of. */
const cloudProviders = ['aws', 'azure', 'gcp'] as const;
export type CloudProvider = (typeof cloudProviders)[number];

/** Which grid a region draws from: enough where the cloud region is known, and by hand where it is not. */
export const gridFields = {
  /** Where the region is, so that its grid zone is looked up. */
  cloud: z.strictObject({ provider: z.enum(cloudProviders), region: z.string().min(1) }).exactOptional(),
  /** Power of the site over power of its servers; by cloud when absent, where it is known of every region. */
  pue: z.number().min(1).max(5).exactOptional(),
  signal: z
    .strictObject({
      /** Name of one of casper:signals.sources; the first of them when absent. */
      source: z.string().min(1).exactOptional(),
      /** Grid zone as the source calls it, such as DE or US-CAL-CISO; looked up by cloud when absent. */
      zone: z
        .string()
        .regex(
          /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/,
          'expected letters, digits, dashes and underscores, as in US-CAL-CISO',
        )
        .exactOptional(),
    })
    .exactOptional(),
};

const commonFields = {
  /** By which regions name it. */
  name: z.string().min(1),
  /** How long one answer may take, until its last byte. */
  timeoutSeconds: z.int().min(1).max(120).default(10),
  /** How often a question is asked that may be answered a moment later. */
  attempts: z.int().min(1).max(10).default(3),
};
const baseUrl = z.url({
  protocol: /^https?$/,
  error: 'expected an address that begins with https:// or http://',
});
/** Checked in signalsChecks.ts, whose message does not show what may be the credential itself. */
const variable = z.string();
const factors = z.enum(['lifeCycle', 'direct']);

const sourceSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    ...commonFields,
    kind: z.literal('electricityMaps'),
    baseUrl: baseUrl.default('https://api.electricitymaps.com'),
    version: z.enum(['v4', 'v3']).default('v4'),
    /** Environment variable that holds the token. */
    tokenVariable: variable.default('ELECTRICITY_MAPS_TOKEN'),
    factors: factors.default('lifeCycle'),
    flowTraced: z.boolean().default(true),
  }),
  z.strictObject({
    ...commonFields,
    kind: z.literal('wattTime'),
    baseUrl: baseUrl.default('https://api.watttime.org'),
    /** Environment variables that hold the account. */
    userVariable: variable.default('WATTTIME_USER'),
    passwordVariable: variable.default('WATTTIME_PASSWORD'),
    signal: z.enum(['marginal', 'average']).default('marginal'),
  }),
  z.strictObject({
    ...commonFields,
    kind: z.literal('neso'),
    baseUrl: baseUrl.default('https://api.carbonintensity.org.uk'),
  }),
  z.strictObject({
    ...commonFields,
    kind: z.literal('energyCharts'),
    baseUrl: baseUrl.default('https://api.energy-charts.info'),
    /** What its figures are; its answers do not say. */
    factors: factors.default('lifeCycle'),
  }),
  z.strictObject({
    ...commonFields,
    kind: z.literal('carbonAwareSdk'),
    baseUrl,
    /** What the data behind it are; its answers do not say. */
    signal: z.enum(['marginal', 'average']),
    factors,
    flowTraced: z.boolean().default(false),
    /** What answers call a location, by what it is asked for, where that differs. */
    answersAs: z.record(z.string(), z.string()).default({}),
  }),
  z.strictObject({
    name: commonFields.name,
    kind: z.literal('recorded'),
    /** Folder of a trace, absolute or from where casper is started. */
    folder: z.string().min(1),
    /** What its figures are; its file does not say. */
    signal: z.enum(['marginal', 'average']),
    factors,
    flowTraced: z.boolean().default(false),
  }),
]);

export const signalsSchema = z.strictObject({
  sources: z.array(sourceSchema).min(1),
  /** How long after its period a value still counts as the one of now. */
  freshMinutes: z.int().min(1).max(1440).default(120),
  /** How long after its period a value stands in where the source gives nothing. */
  lastKnownMinutes: z.int().min(0).max(10_080).default(360),
});

export type SignalsConfig = z.infer<typeof signalsSchema>;
export type SourceConfig = SignalsConfig['sources'][number];
export type SourceKind = SourceConfig['kind'];
/** The set-up of one kind of source. */
export type SourceConfigOf<K extends SourceKind> = Extract<SourceConfig, { kind: K }>;
