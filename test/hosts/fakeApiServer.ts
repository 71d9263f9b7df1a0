import { writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { stringify } from 'yaml';

interface FakePod {
  name: string;
  limitMillicores: number;
  /** Why the kubelet refuses to resize it; empty where it does not. */
  refusal: string;
}

interface Answer {
  readonly status: number;
  readonly body: object;
  readonly retryAfterSeconds?: number;
}

/** What an API server says of one Deployment and its pods, and what it does when they are resized or replaced. */
export class FakeApiServer {
  pods: FakePod[] = [];
  /** Why kubelets refuse to resize the pods that there are; pods that take their place are resized. */
  refusal = '';
  /** What every request is answered with: nothing at all for 'silence'. */
  answers: 'as it should' | 'silence' | 'forbidden' = 'as it should';
  /** What the next requests to resize a pod are answered with instead, in order. */
  readonly resizeAnswers: Omit<Answer, 'body'>[] = [];
  readonly requests: string[] = [];
  /** Tokens that requests came with. */
  readonly tokens = new Set<string>();
  private generation = 1;

  private constructor(
    private readonly server: Server,
    /** A kubeconfig file with the context `fake`. */
    readonly kubeconfig: string,
    private readonly container: string,
  ) {}

  /**
   * @param folder that the kubeconfig is written into
   * @param container name of the one that every pod has
   * @param token of the kubeconfig's user; none when absent
   */
  static async start(folder: string, container = 'web', token?: string): Promise<FakeApiServer> {
    const server = createServer((request, response) => {
      void fake.answer(request, response);
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const { port } = server.address() as AddressInfo;
    const kubeconfig = path.join(folder, 'kubeconfig');
    writeFileSync(
      kubeconfig,
      stringify({
        clusters: [
          { name: 'fake', cluster: { server: `http://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true } },
        ],
        users: [{ name: 'nobody', user: token === undefined ? {} : { token } }],
        contexts: [{ name: 'fake', context: { cluster: 'fake', user: 'nobody' } }],
        'current-context': 'fake',
      }),
    );
    const fake = new FakeApiServer(server, kubeconfig, container);
    return fake;
  }

  addPod(name: string, limitMillicores: number): void {
    this.pods.push({ name, limitMillicores, refusal: '' });
  }

  stop(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '' } = request;
    this.requests.push(`${method} ${url}`);
    const [, token] = /^Bearer (.+)$/.exec(request.headers.authorization ?? '') ?? [];
    if (token !== undefined) this.tokens.add(token);
    if (this.answers === 'silence') return;
    const chunks = await request.toArray();
    const body = Buffer.concat(chunks as Buffer[]).toString();
    const found: Answer =
      this.answers === 'forbidden'
        ? { status: 403, body: { kind: 'Status', message: 'pods is forbidden: User "nobody" may not' } }
        : this.resource(method, new URL(url, 'http://fake').pathname, body);
    response.writeHead(found.status, {
      'Content-Type': 'application/json',
      ...(found.retryAfterSeconds !== undefined && { 'Retry-After': found.retryAfterSeconds }),
    });
    response.end(JSON.stringify(found.body));
  }

  private resource(method: string, pathname: string, body: string): Answer {
    if (/^\/version\/?$/.test(pathname)) return { status: 200, body: { gitVersion: 'v1.34.0' } };
    const [, resized] = /\/pods\/([^/]+)\/resize$/.exec(pathname) ?? [];
    const pod = this.pods.find(({ name }) => name === resized);
    if (method === 'PATCH' && pod) {
      const instead = this.resizeAnswers.shift();
      if (instead) return { ...instead, body: { kind: 'Status', message: 'not now' } };
      return { status: 200, body: this.resize(pod, body) };
    }
    if (method === 'GET' && pathname.endsWith('/pods')) {
      return {
        status: 200,
        body: {
          kind: 'PodList',
          apiVersion: 'v1',
          items: this.pods.map((listed) => podObject(listed, this.container)),
        },
      };
    }
    if (pathname.includes('/deployments/')) {
      if (method === 'PATCH') this.replacePods();
      return { status: 200, body: this.deployment() };
    }
    return { status: 404, body: { kind: 'Status', message: `the fake has no ${method} ${pathname}` } };
  }

  private resize(pod: FakePod, body: string): object {
    const patch = JSON.parse(body) as {
      spec: { containers: [{ resources: { limits: { cpu: string } } }] };
    };
    if (this.refusal === '') pod.limitMillicores = parseInt(patch.spec.containers[0].resources.limits.cpu);
    else pod.refusal = this.refusal;
    return podObject(pod, this.container);
  }

  private replacePods(): void {
    this.generation += 1;
    this.refusal = '';
    this.pods = this.pods.map(({ name }) => ({ name: `${name}-new`, limitMillicores: 1001, refusal: '' }));
  }

  private deployment(): object {
    const replicas = this.pods.length;
    return {
      metadata: { name: 'kiwix-north', generation: this.generation },
      spec: { replicas, selector: {}, template: {} },
      status: {
        observedGeneration: this.generation,
        replicas,
        updatedReplicas: replicas,
        availableReplicas: replicas,
      },
    };
  }
}

function podObject({ name, limitMillicores, refusal }: FakePod, container: string): object {
  return {
    metadata: { name },
    spec: { containers: [] },
    status: {
      phase: 'Running',
      conditions:
        refusal === ''
          ? []
          : [{ type: 'PodResizePending', status: 'True', reason: 'Infeasible', message: refusal }],
      containerStatuses: [
        { name: container, resources: { limits: { cpu: `${limitMillicores}m` }, requests: { cpu: '10m' } } },
      ],
    },
  };
}
