import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', 'runs/', 'examples/', '**/*.js', '**/*.mjs', '**/*.cjs'] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      // Numbers and booleans read well in messages; everything else must be spelt out.
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      // A promise that nobody awaits is an error that nobody sees.
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      'no-console': 'error',
    },
  },
  { files: ['cli/**', 'bench/**'], rules: { 'no-console': 'off' } },
  {
    files: ['driver/**', 'components/**', 'live/**', 'load/**', 'cli/**'],
    // What they have the time of day for is a moment to write down, or to ask others about.
    ignores: [
      ...['driver/engine/updateRecord.ts', 'driver/requestWatcher.ts', 'live/demandWatch.ts'],
      ...['load/steadyClock.ts', 'cli/commands/tick.ts'],
    ],
    rules: {
      'no-restricted-properties': [
        'error',
        {
          object: 'Date',
          property: 'now',
          message: 'Somebody may set that clock: take performance.now() for how long and until when.',
        },
      ],
    },
  },
);
