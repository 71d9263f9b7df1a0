/** Unit tests need nothing but npm packages; lab and requestPath tests need root and a running lab, clusters tests one of three clusters; lifecycle tests root and none; hosts tests root and `npm run tools:hosts`; they fail (never skip) without it. */
const shared = {
  testEnvironment: 'node',
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: { parser: { syntax: 'typescript' }, target: 'es2023' },
        module: { type: 'commonjs', ignoreDynamic: true },
      },
    ],
  },
};
module.exports = {
  // Machines that build several things at once are several times slower.
  testTimeout: 120_000,
  projects: [
    {
      ...shared,
      displayName: 'unit',
      testMatch: ['<rootDir>/test/unit/**/*.test.ts'],
      globalSetup: '<rootDir>/test/unit/buildDist.ts',
    },
    {
      ...shared,
      displayName: 'lab',
      testMatch: ['<rootDir>/test/lab/**/*.test.ts'],
      testPathIgnorePatterns: ['/requestPath.test.ts$'],
    },
    {
      ...shared,
      displayName: 'requestPath',
      testMatch: ['<rootDir>/test/lab/stack/requestPath.test.ts'],
    },
    { ...shared, displayName: 'hosts', testMatch: ['<rootDir>/test/hosts/**/*.test.ts'] },
    { ...shared, displayName: 'clusters', testMatch: ['<rootDir>/test/clusters/**/*.test.ts'] },
    { ...shared, displayName: 'lifecycle', testMatch: ['<rootDir>/test/lifecycle/**/*.test.ts'] },
  ],
};
