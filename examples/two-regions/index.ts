import { Namespace } from '@pulumi/kubernetes/core/v1';
import { RegionService } from 'casper';

// What `casper plan` gave: `npx casper plan --at 2026-01-05T00:00:00Z`.
const cpuMillicores = { 'eu-west-3': 741, 'us-east-1': 281 };

const namespace = new Namespace('web').metadata.name;
const services = Object.entries(cpuMillicores).map(
  ([region, cpu]) =>
    new RegionService(region, { region, namespace, image: 'nginx:1.29', port: 80, cpuMillicores: cpu }),
);
export const endpoints = services.map(({ endpoint }) => endpoint);
