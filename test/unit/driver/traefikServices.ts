/** What a Traefik answers that has a row for some regions and asks each of them whether it is there. */
export function traefikServices(regions: readonly string[], lost: readonly string[]): string {
  return JSON.stringify([
    {
      name: 'weighted_row@file',
      weighted: { services: regions.map((name) => ({ name: `${name}_guarded`, weight: 1 })) },
    },
    ...regions.map((name) => ({
      name: `${name}@file`,
      loadBalancer: { healthCheck: { path: '/' } },
      serverStatus: { 'http://192.0.2.1': lost.includes(name) ? 'DOWN' : 'UP' },
    })),
  ]);
}
