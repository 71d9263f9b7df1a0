import { KubeConfig } from '../../../cluster/client';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { startServer } from '../loopbackServer';

/** An API server on loopback that answers as the test says; end it with `stopServers`. */
export async function fakeCluster(
  answer: (response: ServerResponse, request: IncomingMessage) => void,
): Promise<KubeConfig> {
  const { url } = await startServer(answer);
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromClusterAndUser(
    { name: 'fake', server: url.replace(/\/$/, ''), skipTLSVerify: true },
    { name: 'nobody' },
  );
  return kubeConfig;
}

export function answerJson(response: ServerResponse, body: object): void {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(body));
}
