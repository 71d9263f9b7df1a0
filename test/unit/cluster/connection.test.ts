import { createServer, type AddressInfo } from 'node:net';
import { KubeConfig } from '@kubernetes/client-node';
import { assertReachable } from '../../../cluster/connection';

test('an API server that takes the connection and says nothing is given up', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((listening) => server.once('listening', listening));
  const { port } = server.address() as AddressInfo;
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromClusterAndUser(
    { name: 'mute', server: `http://127.0.0.1:${port}`, skipTLSVerify: true },
    { name: 'nobody' },
  );
  try {
    await expect(assertReachable(kubeConfig, 200)).rejects.toThrow(
      new RegExp(`No API server answers at http://127.0.0.1:${port} .*Nothing was changed`),
    );
  } finally {
    server.close();
  }
});
