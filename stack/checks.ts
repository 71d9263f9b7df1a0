import { capacityOf, ceilingMillicores, limitMillicoresOf } from './capacity';
import { clusterOf, clustersOf } from './clusters';
import { patchesDeployments } from './deployments';
import { isLoopback, metricsAddressOf } from './requestPath';
import type { Capacity, StackConfig } from './schema';

/** There is one way to name clusters; each is there once, and every region is in one of them. */
export function faultsOfClusters(config: Omit<StackConfig, 'plan'>): string[] {
  const { cluster, clusters, regions } = config;
  if (!cluster && !clusters) {
    return [
      'casper:cluster: missing; name the context of the cluster, or several clusters in casper:clusters',
    ];
  }
  if (cluster && clusters) {
    return ['casper:cluster and casper:clusters are both there; leave the one that holds'];
  }
  const known = clustersOf(config);
  const places = known.map(({ context, kubeconfig = '' }) => `${kubeconfig} ${context}`);
  const faults = known.flatMap(({ name, context }, index) => {
    const twice = known.findIndex((other) => other.name === name) < index;
    const place = places.indexOf(places[index] ?? '');
    return [
      ...(twice ? [`casper:clusters: ${name} stands there twice; give each cluster once`] : []),
      ...(place < index && !twice
        ? [
            `casper:clusters.${name}.context: ${context}, which is ${known[place]?.name ?? ''} already; give each cluster a context of its own`,
          ]
        : []),
    ];
  });
  const names = known.map(({ name }) => name);
  for (const { name, cluster: own } of regions) {
    if (own === undefined && names.length > 1) {
      faults.push(
        `casper:regions.${name}.cluster: missing; name one of casper:clusters (${names.join(', ')})`,
      );
    } else if (own !== undefined && !names.includes(own)) {
      faults.push(
        `casper:regions.${name}.cluster: ${own} is not in casper:clusters (${clusters ? `known clusters: ${names.join(', ')}` : 'there are none'}); correct the name or add the cluster`,
      );
    }
  }
  return faults;
}

/** Every region stands there once, at an address of its own, and may have as many servers as it must have. */
export function faultsOfRegions(config: Omit<StackConfig, 'plan'>): string[] {
  const faults: string[] = [];
  const names = new Set<string>();
  const regionAt = new Map<string, string>();
  for (const { name, loadBalancer } of config.regions) {
    if (names.has(name)) faults.push(`casper:regions: ${name} stands there twice; give each region once`);
    names.add(name);
    const { minServers, maxServers } = capacityOf(config, name);
    if (minServers > maxServers) {
      faults.push(
        `${placeOf(config, name, 'minServers')}: ${minServers}, more than ${placeOf(config, name, 'maxServers')}, ${maxServers}, of ${name}; lower the one or raise the other`,
      );
    }
    if (!loadBalancer) continue;
    const at = `${loadBalancer.address}:${loadBalancer.port}`;
    const other = regionAt.get(at);
    if (other !== undefined)
      faults.push(
        `casper:regions: ${other} and ${name} are both at ${at}; give one of them another port or address`,
      );
    regionAt.set(at, name);
  }
  return faults;
}

/** Either all regions name a Deployment that is there already, each its own, or none does. */
export function faultsOfDeployments(config: Omit<StackConfig, 'plan'>): string[] {
  const { regions, service } = config;
  if (!patchesDeployments(config)) {
    return regions
      .filter(({ deployment }) => deployment)
      .map(
        ({ name }) =>
          `casper:regions.${name}.deployment: the stack makes the Deployments itself; remove it, or set casper:service.deployment to existing`,
      );
  }
  const regionOf = new Map<string, string>();
  return regions.flatMap((region) => {
    const { name, deployment, nodeSelector } = region;
    const path = `casper:regions.${name}`;
    if (!deployment) {
      return [`${path}.deployment: missing; name the region's Deployment and its container`];
    }
    const place = `${clusterOf(config, region)?.name ?? ''} ${deployment.name}`;
    const other = regionOf.get(place);
    regionOf.set(place, name);
    return [
      ...(other === undefined
        ? []
        : [
            `${path}.deployment.name: ${deployment.name}, which is ${other}'s already; name a Deployment of each region's own`,
          ]),
      ...(nodeSelector
        ? [`${path}.nodeSelector: says nothing to a Deployment that is there already; remove it`]
        : []),
      ...(capacityOf(config, name).serversPerPod === undefined
        ? [
            `${placeOf(config, name, 'serversPerPod')}: missing; say how many servers one pod of ${service.namespace}/${deployment.name} holds at most: how many pods it has follows from that`,
          ]
        : []),
    ];
  });
}

/** Path of the key that says what a region holds. */
function placeOf({ regions }: Pick<StackConfig, 'regions'>, region: string, key: keyof Capacity): string {
  const own = regions.find(({ name }) => name === region)?.capacity;
  return own?.[key] === undefined ? `casper:capacity.${key}` : `casper:regions.${region}.capacity.${key}`;
}

/** A plan names every region and no other, gives none more than it may have, and sends requests only to servers. */
export function faultsOfPlan(config: StackConfig): string[] {
  const { regions, plan } = config;
  const faults: string[] = [];
  const names = new Set(regions.map(({ name }) => name));
  const known = `known regions: ${[...names].join(', ')}`;
  for (const name of names) {
    if (!plan.regions[name])
      faults.push(`casper:plan.regions: ${name} is missing; give it servers and cpuMillicores`);
  }
  for (const [name, { servers, cpuMillicores, standbyMillicores = 0 }] of Object.entries(plan.regions)) {
    const path = `casper:plan.regions.${name}`;
    if (!names.has(name)) {
      faults.push(`${path}: not in casper:regions (${known}); correct the name or add the region`);
      continue;
    }
    const capacity = capacityOf(config, name);
    const most = placeOf(config, name, 'maxServers');
    if (servers > capacity.maxServers) {
      faults.push(
        `${path}.servers: ${servers}, expected at most ${most}, ${capacity.maxServers}; lower it, or raise that`,
      );
    } else if (limitMillicoresOf(plan, name) > ceilingMillicores(capacity)) {
      faults.push(
        `${path}.cpuMillicores: ${limitMillicoresOf(plan, name)}${standbyMillicores > 0 ? ' with standbyMillicores' : ''}, expected at most ${ceilingMillicores(capacity)}, the CPU of ${capacity.maxServers} servers (${most}); lower it, or raise that`,
      );
    }
    if (servers > 0 && cpuMillicores === 0) {
      faults.push(`${path}.cpuMillicores: 0 with ${servers} servers; expected more than 0, or servers: 0`);
    }
  }
  for (const [origin, row] of Object.entries(plan.weights)) {
    if (!names.has(origin)) {
      faults.push(
        `casper:plan.weights.${origin}: not in casper:regions (${known}); correct the name or remove the row`,
      );
    }
    for (const destination of Object.keys(row)) {
      const path = `casper:plan.weights.${origin}.${destination}`;
      if (!names.has(destination)) {
        faults.push(`${path}: not in casper:regions (${known}); correct the name or remove the weight`);
      } else if ((plan.regions[destination]?.servers ?? 0) === 0) {
        faults.push(
          `${path}: sends requests to a region without servers; give it servers or remove the weight`,
        );
      }
    }
  }
  return faults;
}

/** What is left out is a region, and no request goes there. */
export function faultsOfLeftOut({ regions, plan }: StackConfig): string[] {
  return (plan.without ?? []).flatMap((region) => {
    const path = `casper:plan.without: ${region}`;
    if (!regions.some(({ name }) => name === region)) {
      return [`${path} is not in casper:regions; correct the name or remove it`];
    }
    const backups = Object.values(plan.backup ?? {}).flatMap((rows) => Object.values(rows));
    const rows = [...Object.values(plan.weights), ...backups];
    return rows.some((row) => row[region] !== undefined)
      ? [`${path} is left out, but weights name it; take it out of them, or out of without`]
      : [];
  });
}

/** A backup row is for a destination that has weight, and names other regions, whose pods are ready. */
export function faultsOfBackup({ regions, plan }: StackConfig): string[] {
  const faults: string[] = [];
  const names = new Set(regions.map(({ name }) => name));
  const known = `known regions: ${[...names].join(', ')}`;
  for (const [origin, rows] of Object.entries(plan.backup ?? {})) {
    for (const [lost, row] of Object.entries(rows)) {
      const path = `casper:plan.backup.${origin}.${lost}`;
      if (plan.weights[origin]?.[lost] === undefined) {
        faults.push(
          `${path}: casper:plan.weights.${origin} sends nothing to ${lost}; remove the row, or give it weight`,
        );
      }
      for (const destination of Object.keys(row)) {
        if (!names.has(destination)) {
          faults.push(
            `${path}.${destination}: not in casper:regions (${known}); correct the name or remove it`,
          );
        } else if (destination === lost) {
          faults.push(`${path}.${destination}: ${lost} cannot stand in for itself; name another region`);
        } else if (limitMillicoresOf(plan, destination) === 0) {
          faults.push(
            `${path}.${destination}: no pod runs there; give casper:plan.regions.${destination} standbyMillicores`,
          );
        }
      }
    }
  }
  return faults;
}

/** Where the request path runs must exist, and no two things may want one port. */
export function faultsOfHosts({ regions, hosts }: Omit<StackConfig, 'plan'>): string[] {
  const faults: string[] = [];
  const known =
    hosts.length > 0 ? `known hosts: ${hosts.map(({ name }) => name).join(', ')}` : 'there are none';
  const [prometheus, ...further] = hosts.filter((host) => host.prometheus);
  for (const { name } of further) {
    faults.push(
      `casper:hosts: ${prometheus?.name ?? ''} and ${name} both have prometheus; leave it with one of them`,
    );
  }
  const seen = new Map<string, string>();
  for (const { name, address } of hosts) {
    for (const [what, value] of [
      ['name', name],
      ['address', address],
    ] as const) {
      if (seen.has(`${what} ${value}`))
        faults.push(`casper:hosts: the ${what} ${value} stands there twice; give each host once`);
      seen.set(`${what} ${value}`, name);
    }
  }

  faults.push(...faultsOfReach(hosts));

  const without = regions.filter(({ traefik, loadBalancer }) => !traefik || !loadBalancer);
  if (regions.some(({ traefik }) => traefik)) {
    for (const { name, traefik } of without) {
      faults.push(
        `casper:regions: ${name} has no ${traefik ? 'loadBalancer' : 'traefik'}; give it one, or no region a traefik`,
      );
    }
  }

  const takenBy = new Map<string, string>();
  const take = (host: string, value: number, path: string): void => {
    const other = takenBy.get(`${host} ${value}`);
    if (other !== undefined)
      faults.push(`${path}: ${value}, which is ${other} on host ${host} already; give one another port`);
    else takenBy.set(`${host} ${value}`, path);
  };
  for (const { name, prometheus: server } of hosts) {
    if (server) take(name, server.port, `casper:hosts.${name}.prometheus.port`);
  }
  for (const { name, traefik } of regions) {
    if (!traefik) continue;
    const path = `casper:regions.${name}.traefik`;
    const host = hosts.find((candidate) => candidate.name === traefik.host);
    if (!host) {
      faults.push(
        `${path}.host: ${traefik.host} is not in casper:hosts (${known}); correct the name or add the host`,
      );
      continue;
    }
    if (host.traefik === undefined) {
      faults.push(
        `casper:hosts.${host.name}.traefik: missing, but ${name} runs there; give the program's path`,
      );
    }
    for (const key of ['entryPointPort', 'metricsPort', 'apiPort'] as const) {
      take(host.name, traefik[key], `${path}.${key}`);
    }
  }
  return faults;
}

/** What is read from elsewhere must be reached from there, and a password must not be sent in clear. */
function faultsOfReach(hosts: Omit<StackConfig, 'plan'>['hosts']): string[] {
  const watcher = hosts.find(({ prometheus }) => prometheus);
  return hosts.flatMap((host) => {
    const { name, ssh, prometheus } = host;
    const path = `casper:hosts.${name}`;
    const metrics = metricsAddressOf(host, hosts);
    const readFromElsewhere = ssh !== undefined || watcher?.ssh !== undefined;
    return [
      ...(readFromElsewhere && host.metricsAddress !== undefined && isLoopback(metrics)
        ? [
            `${path}.metricsAddress: ${metrics}, which ${name} alone reaches; casper or Prometheus runs elsewhere: give an address that they reach, or leave it out`,
          ]
        : []),
      ...(ssh && prometheus?.address !== undefined && isLoopback(prometheus.address)
        ? [
            `${path}.prometheus.address: ${prometheus.address}, which ${name} alone reaches; casper, which reads it, runs elsewhere: give an address that it reaches, or leave it out`,
          ]
        : []),
      ...(prometheus?.login && !prometheus.tls
        ? [
            `${path}.prometheus.login: without tls, by which the password would be sent in clear; give tls, or take login out`,
          ]
        : []),
    ];
  });
}
