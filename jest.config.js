/** Unit tests need nothing but npm packages; lab tests need root and a running lab, lifecycle tests root and none; they fail (never skip) without it. */
const shared = {
  testEnvironment: 'node',
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2023' }, module: { type: 'commonjs' } },
    ],
  },
};
module.exports = {
  projects: [
    {
      ...shared,
      displayName: 'unit',
      testMatch: ['<rootDir>/test/unit/**/*.test.ts'],
      globalSetup: '<rootDir>/test/unit/buildDist.ts',
    },
    { ...shared, displayName: 'lab', testMatch: ['<rootDir>/test/lab/**/*.test.ts'] },
    { ...shared, displayName: 'hosts', testMatch: ['<rootDir>/test/hosts/**/*.test.ts'] },
    { ...shared, displayName: 'lifecycle', testMatch: ['<rootDir>/test/lifecycle/**/*.test.ts'] },
  ],
};
